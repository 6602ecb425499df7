"""What the names of fields and tables mean: the tables that `classify` reads.

The rule: rows only. A name stands here as words in any of the languages; it is compared folded, without gaps, from its end
(`work_e_mail` ends in `e mail`). `PLAIN` names mean one thing wherever they stand; `BESIDE` names mean it only where what stands
above them speaks of people or of addresses (`_speaking` knows who does).
"""

PLAIN: tuple[tuple[str, str], ...] = (
    (
        "user.contact.email",
        (
            "email, e mail, mail, email address, mail address, mailbox, courriel, adresse mail, correo, correo electronico, "
            "posta elettronica, epost, emailadresse, mailadresse, adresse email, cc emails, reply to, replyto, rfc822"
        ),
    ),
    (
        "user.contact.phone_number",
        (
            "phone, telephone, mobile, cell, cellphone, tel, telno, msisdn, whatsapp, telefon, telefonnummer, handy, "
            "handynummer, rufnummer, mobil, mobilnummer, telefono, telefone, movil, celular, cellulare, telemovel, "
            "telefoon, "
            "telefoonnummer, mobiel, komorka, landline, contact number, phone no, phonenumber, mobile phone, festnetz, "
            "telecom, e164, sms number, calling number, called number, caller number, callerid, caller id, gsm, puhelin, "
            "portable, national format, phone line"
        ),
    ),
    ("user.contact.fax_number", "fax, faxnummer, telefax, fax number, telecopie"),
    (
        "user.contact.social_url",
        (
            "linkedin url, twitter handle, twitter url, facebook url, instagram handle, github url, github username, "
            "social profile, social media, personal url, linkedin, twitter, facebook, instagram, github, homepage, "
            "personal website, social url, tiktok, mastodon"
        ),
    ),
    (
        "user.name.first",
        (
            "first name, firstname, fname, given name, given names, givenname, forename, vorname, vornamen, prenom, "
            "prenoms, "
            "voornaam, imie, primer nombre, nombre de pila, middle name, mname, middle initial, fornavn, etunimi, "
            "keresztnev, "
            "christian name, rufname"
        ),
    ),
    (
        "user.name.last",
        (
            "last name, lastname, lname, surname, family name, familyname, nachname, familienname, maiden name, birth name, "
            "geburtsname, nom de famille, apellido, apellidos, primer apellido, segundo apellido, cognome, sobrenome, "
            "apelido, "
            "achternaam, tussenvoegsel, nazwisko, etternavn, efternamn, sukunimi, second name"
        ),
    ),
    (
        "user.name",
        (
            "full name, fullname, legal name, cardholder, cardholder name, account holder, account holder name, holder "
            "name, "
            "nicename, nom et prenom, nombre y apellidos, imie i nazwisko, vor und nachname, name full, first and last "
            "name, customer full name, display name, nick name, nom complet, nombre completo, nome completo, "
            "vollstandiger name, person name, "
            "caller name, "
            "mothers maiden name, mother maiden name, next of kin, contact name, contact person, ansprechpartner, "
            "signatory, "
            "salutation name, name on card, naam klant, ship name, bill name, volledige naam, emergency contact"
        ),
    ),
    (
        "user.account.username",
        (
            "user name, username, login, login name, user login, logon, screen name, benutzername, nom utilisateur, "
            "nom d utilisateur, identifiant, nombre de usuario, nome utente, gebruikersnaam, uname, handle, nickname, "
            "account name, samaccountname"
        ),
    ),
    (
        "user.authorization.password",
        (
            "password, passwd, passwort, kennwort, pwd, password hash, hashed password, encrypted password, password "
            "digest, "
            "pass hash, mot de passe, contrasena, clave, senha, wachtwoord, haslo, passphrase, password salt, salt, "
            "passcode, "
            "user pass, pw hash, parola"
        ),
    ),
    (
        "user.authorization.credentials",
        (
            "api key, apikey, api secret, secret, secret key, client secret, auth token, access token, refresh token, "
            "session token, session key, id token, token, bearer, private key, credential, credentials, otp secret, totp "
            "secret, "
            "activation key, activation code, confirmation code, verification code, otp, otp code, one time password, "
            "authorization, access key, signing key, encryption key, auth key, ssh key, webhook secret, reset code, "
            "invite token, recovery code, backup code, security answer, reset token, remember token, verification token, "
            "cookie secret"
        ),
    ),
    (
        "user.demographic.date_of_birth",
        (
            "dob, birth date, birthdate, date of birth, birthday, born, born on, bday, birth, birth day, birth year, year "
            "of "
            "birth, birth month, geburtsdatum, geburtstag, geburtsjahr, geboren, date naissance, date de naissance, "
            "naissance, "
            "fecha nacimiento, fecha de nacimiento, nacimiento, data nascita, data di nascita, nascita, data nascimento, "
            "data de nascimento, nascimento, geboortedatum, data urodzenia, date of death, death date, deceased date, "
            "foedselsdato"
        ),
    ),
    (
        "user.government_id.national_identification_number",
        (
            "ssn, social security, social security number, social security no, national id, national identity, nationalid, "
            "national insurance number, nino, tax id, taxid, tin, itin, steuer id, steuernummer, "
            "steueridentifikationsnummer, "
            "sozialversicherungsnummer, svnr, ahv, nir, numero securite sociale, dni, nif, nie, curp, rfc code, cpf, codice "
            "fiscale, bsn, pesel, personnummer, fodselsnummer, cpr, cpr number, hetu, aadhaar, pan card, identity number, "
            "id card number, identity card, personalausweis, citizen id, cedula, rut, emso, oib, egn, cnp"
        ),
    ),
    (
        "user.government_id.passport_number",
        "passport, passport number, passport no, reisepass, passnummer, passeport, pasaporte, passaporto",
    ),
    (
        "user.government_id.drivers_license_number",
        (
            "drivers license, driver license, driving licence, driving license, drivers licence, dl number, license number, "
            "licence number, fuhrerschein, fuhrerscheinnummer, permis de conduire, rijbewijs, patente di guida"
        ),
    ),
    (
        "user.government_id.vehicle_registration",
        (
            "license plate, licence plate, number plate, numberplate, plate number, kennzeichen, vin, immatriculation, "
            "matricula, "
            "kenteken, vehicle registration"
        ),
    ),
    ("user.government_id.immigration", "visa number, alien number, residence permit, aufenthaltstitel"),
    (
        "user.financial.bank_account",
        (
            "iban, bank account, account number, bank account number, account no, acct no, acct number, kontonummer, konto, "
            "numero de compte, cuenta bancaria, numero de cuenta, rekeningnummer, numer konta, bban, routing number, bic, "
            "swift, sort code, bankverbindung, ccc"
        ),
    ),
    (
        "user.financial.credit_card",
        (
            "card number, cc number, credit card, credit card number, debit card, pan, primary account number, kreditkarte, "
            "kreditkartennummer, carte bancaire, tarjeta, cartao, creditcard, creditcardnumber, ccnum, card no, card num, "
            "last4, card last4, last four, card last four, card mask, masked card, masked pan, first6, bin last4, payment "
            "card, cc num, cc no"
        ),
    ),
    ("user.financial.credit_card.verification", "cvv, cvc, cvv2, cvc2, card verification, security code, card pin"),
    (
        "user.financial.credit_card.expiration_date",
        (
            "card expiry, card expires, card expiration, cc exp, cc expiry, expiry month, expiry year, exp month, exp year, "
            "card exp, expiration month, expiration year"
        ),
    ),
    (
        "user.financial",
        (
            "salary, salaire, gehalt, lohn, wage, wages, income, annual income, monthly income, net worth, credit score, "
            "bonus amount, compensation, base pay, einkommen, salario, stipendio, credit limit, credit rating, commission "
            "pct, "
            "hourly rate, pay rate"
        ),
    ),
    (
        "user.contact.address.street",
        (
            "street, street address, address line, address1, address2, address line1, address line2, addr line, strasse, "
            "str, "
            "hausnummer, house number, rue, calle, via, rua, straat, ulica, street name, street secondary, street number, "
            "line1, line2, apartment, po box, postfach, addr1, addr2, addressline, hausnr, house no, strasse hausnummer, "
            "house nr, ulice, gata, gate, via numero, numero civico, logradouro, bairro, residence, domicilio, direccion"
        ),
    ),
    (
        "user.contact.address.postal_code",
        (
            "zip, zip code, zipcode, postal code, postalcode, postcode, post code, plz, postleitzahl, code postal, codigo "
            "postal, cap, cep, kod pocztowy, pincode, zip4, postal, postnummer, npa"
        ),
    ),
    (
        "user.contact.address.city",
        (
            "city, town, ort, stadt, wohnort, ville, ciudad, citta, cidade, miasto, woonplaats, plaats, municipality, "
            "birth place, birthplace, place of birth, geburtsort, locality, city name, district, suburb, postal town"
        ),
    ),
    (
        "user.contact.address.state",
        "province, provincia, bundesland, county, state province, state or province, stateprovince, prefecture, canton",
    ),
    (
        "user.device.ip_address",
        (
            "ip, ip address, ipaddress, ipaddr, ip addr, remote addr, remote ip, client ip, last ip, sign in ip, source ip, "
            "src ip, ipv4, ipv6, client address, x forwarded for, remote address, signup ip, login ip"
        ),
    ),
    ("user.device.mac_address", "mac, mac address, macaddr, hardware address"),
    (
        "user.device.device_id",
        (
            "device id, deviceid, imei, imsi, iccid, udid, idfa, idfv, gaid, advertising id, android id, device serial, "
            "meid, "
            "device token, push token, device fingerprint"
        ),
    ),
    (
        "user.device.cookie_id",
        "cookie id, cookie, visitor id, tracking id, client cookie, ga client id, anonymous id",
    ),
    ("user.device", "user agent, useragent, browser agent"),
    (
        "user.location.precise",
        (
            "latitude, longitude, lat, lng, lon, latlng, geo, geolocation, gps, coordinates, coords, geo point, geo lat, "
            "geo lon, "
            "breitengrad, langengrad, home location, last location"
        ),
    ),
    (
        "user.demographic.gender",
        (
            "gender, sex, geschlecht, sexe, sexo, genere, geslacht, plec, salutation, anrede, pronoun, civilite, "
            "honorific, title of courtesy"
        ),
    ),
    ("user.demographic.age_range", "age, alter, edad, age range, age group, alder, leeftijd"),
    (
        "user.demographic.marital_status",
        (
            "marital status, maritalstatus, familienstand, etat civil, estado civil, stato civile, burgerlijke staat, "
            "civil status"
        ),
    ),
    (
        "user.demographic.citizenship_or_immigration_status",
        (
            "nationality, citizenship, staatsangehorigkeit, nationalitat, nationalite, nacionalidad, cittadinanza, "
            "immigration status, visa status, country of birth"
        ),
    ),
    ("user.demographic.race_ethnicity", "race, ethnicity, ethnic origin, ethnic group, ethnie, herkunft"),
    ("user.demographic.religious_belief", "religion, religious belief, konfession, faith, denomination, kirchensteuer"),
    (
        "user.demographic.political_opinion",
        "political party, political opinion, party affiliation, political affiliation",
    ),
    ("user.demographic.sexual_orientation", "sexual orientation, sexual preference"),
    ("user.demographic.union_membership", "union membership, trade union, gewerkschaft, union member"),
    ("user.demographic.language", "preferred language, mother tongue, native language, muttersprache, spoken language"),
    (
        "user.health.medical_diagnosis",
        (
            "diagnosis, diagnoses, diagnose, icd10, icd 10, icd code, icd9, diagnosis code, diagnostic, diagnostico, "
            "medical history, anamnese"
        ),
    ),
    ("user.health.medications", "medication, medications, medicine, prescription, medikament, drug name, dosage"),
    (
        "user.health.condition",
        (
            "disability, allergy, allergies, blood type, blood group, blutgruppe, health status, symptom, symptoms, "
            "chronic condition, disease, illness, sick leave, bmi, heart rate, blood pressure"
        ),
    ),
    (
        "user.health.record_id",
        "medical record number, mrn, patient number, patientennummer, nhs number, medical record, chart number",
    ),
    (
        "user.health.insurance_beneficiary_id",
        (
            "health insurance number, insurance number, krankenversicherungsnummer, versichertennummer, kvnr, policy "
            "holder number, member insurance id, medicare number, medicaid number"
        ),
    ),
    ("user.health.genetic", "genotype, genome, dna, dna sequence, snp"),
    ("user.health.reproductive_or_sexual", "pregnancy, pregnant, due date of birth, contraception, fertility"),
    ("user.biometrics.fingerprint", "fingerprint image, fingerprint template, fingerprint scan, fingerabdruck"),
    ("user.biometrics.voice", "voice print, voiceprint"),
    ("user.biometrics.retinal", "retina scan, iris scan, iris template"),
    ("user.biometrics", "biometric, biometrics, face embedding, face encoding, face id, facial template"),
    (
        "user.content.self_image",
        (
            "avatar, profile picture, profile photo, profile image, photo url, avatar url, profile pic, passbild, "
            "portrait, selfie, headshot, thumbnail photo"
        ),
    ),
    (
        "user.professional_information.job_title",
        (
            "job title, jobtitle, job position, occupation, profession, beruf, berufsbezeichnung, puesto, "
            "stellenbezeichnung, designation, job role"
        ),
    ),
    (
        "user.professional_information.workplace",
        (
            "employer, employer name, arbeitgeber, workplace, employeur, company name, organization name, organisation "
            "name, firma, school name, university"
        ),
    ),
    (
        "user.professional_information",
        (
            "hire date, hired, hired on, hired at, date hired, date of joining, eintrittsdatum, termination date, "
            "performance rating"
        ),
    ),
    (
        "user.criminal_history",
        "criminal record, conviction, convictions, criminal history, offence, offense, vorstrafen",
    ),
    ("user.behavior.search_history", "search query, search term, search terms, search history"),
    ("user.behavior.browsing_history", "referrer, referer, page visited, browsing history, last page"),
    (
        "user.unique_id",
        (
            "user id, userid, customer number, kundennummer, customer no, member number, mitgliedsnummer, employee "
            "number, personalnummer, external user id, uid, matriculation number, matrikelnummer, student number, student "
            "id, frequent flyer number, frequent flyer, loyalty number, loyalty id, membership number, membership id, vat "
            "reg person, insurance id, subscriber id, identity, participant identity, endpoint identity"
        ),
    ),
    (
        "user.name.last",
        (
            "nom famille, nom usage, nom jeune fille, nom de jeune fille, nom naissance, nom de naissance, primo "
            "cognome, nazwisko rodowe, meisjesnaam, geslachtsnaam, efternavn, apellido paterno, apellido materno, "
            "jmeno prijmeni, prijmeni"
        ),
    ),
    (
        "user.name.first",
        (
            "voorletters, roepnaam, drugie imie, segundo nombre, secondo nome, deuxieme prenom, krestni jmeno, "
            "keresztnev"
        ),
    ),
    (
        "user.demographic.date_of_birth",
        (
            "geb dat, geb datum, gebdat, gebdatum, naiss, date naiss, fec nac, fecha nac, fnac, dt nasc, data nasc, "
            "geb date, birth dt, dt birth, date birth, fodselsdato, fodelsedatum, syntymaaika, datum narozeni"
        ),
    ),
    (
        "user.demographic.gender",
        ("sesso, genero, kon, pohlavi, civilite code, sexo code, mf"),
    ),
    (
        "user.financial",
        (
            "sueldo, nomina, retribuzione, remuneration, wynagrodzenie, pensja, lon, salaris, inkomen, revenu, "
            "ingresos, reddito, ordenado, plata, bruttogehalt, nettogehalt, vermogen"
        ),
    ),
    (
        "user.government_id.national_identification_number",
        (
            "seguridad social, numero seguridad social, securite sociale, num secu, numero securite sociale, nss, "
            "cnss, ine, nuss, rg, nro documento, numero documento, documento identidad, carta identita, numero carta "
            "identita, dowod osobisty, rodne cislo, ausweisnummer, steuerid, idnr, identifikationsnummer"
        ),
    ),
    (
        "user.government_id.passport_number",
        ("passport id, numero passeport, numero pasaporte, numero passaporto, nr paszportu, paszport, paspoortnummer"),
    ),
    (
        "user.contact.address.street",
        (
            "huisnummer, ulica nr, numer domu, numero rue, numero calle, adresszusatz, address suffix, city village, "
            "complement adresse, complemento, straatnaam, strassenname"
        ),
    ),
    (
        "user.contact.phone_number",
        (
            "numer telefonu, telefonu, tel kom, nr telefonu, gsm nummer, telefoon nummer, telefon privat, telefon "
            "mobil, telefon geschaftlich, telf, tfno, fono, telefonszam, cislo telefonu, telefonni cislo"
        ),
    ),
    (
        "user.health.insurance_beneficiary_id",
        (
            "versichertennummer, versicherungsnummer, krankenkassennummer, numero assure, numero afiliado, tessera "
            "sanitaria, polisnummer"
        ),
    ),
    (
        "user.unique_id",
        (
            "mitgliedsnummer, patientennummer, benutzernummer, personalnummer, matricule, numero client, numero "
            "cliente, klantnummer, numer klienta, id cliente, id client, id usuario, id utente, id utilisateur, id "
            "kunde, id persona"
        ),
    ),
    (
        "user.contact.address.city",
        ("comune, commune, municipio, localidad, localite, localita, wohnort, miejscowosc, gemeinde, mesto"),
    ),
)
"""A category, and the names that mean it wherever they stand. Where one name ends in another, the longer one counts."""

BESIDE_PEOPLE: tuple[tuple[str, str], ...] = (
    (
        "user.name",
        "name, nom, nombre, nome, naam, nazwa, names, holder, alias, label name, sort name, nev",
    ),
    ("user.name.first", "first, given, middle, initials"),
    ("user.name.last", "last, family"),
    (
        "user.contact.address",
        "address, addr, adresse, anschrift, indirizzo, endereco, adres, home, location, direccion",
    ),
    ("user.contact.address.state", "state, region, estado, etat"),
    (
        "user.contact.address.country",
        "country, country code, land, pays, pais, paese, kraj, iso country, country name, countrycode, country iso",
    ),
    ("user.financial.credit_card", "card, cc, karte, carte"),
    ("user.financial.bank_account", "account, acct, bank, compte, conto, cuenta"),
    ("user.financial", "balance, credit, debt"),
    ("user.demographic.language", "language, lang, sprache, langue, idioma, lingua, locale, language code"),
    ("user.content.self_image", "picture, photo, image, foto, bild, pic, imagen, portrait, img"),
    ("user.biometrics", "fingerprint, signature, unterschrift"),
    ("user.professional_information.job_title", "title, position, job, role title, rank, funktion, titel, grade"),
    (
        "user.professional_information.workplace",
        "company, organization, organisation, department, abteilung, school, institution, org",
    ),
    ("user.contact.social_url", "website, websites, blog, web, site"),
    (
        "user.government_id",
        "vat number, vat id, vat, tax number, ust id, umsatzsteuer id, id number, document number, id no",
    ),
    ("user.health", "weight, height, groesse, gewicht, smoker"),
    ("user.demographic", "children, dependents, household size, nationality code, education, number of children"),
    ("user.unique_id", "pin, code, nr, number, external id, no, session id"),
)
"""The same for names that mean it only in a table, or under a name, that speaks of people."""

BESIDE_ADDRESSES: tuple[tuple[str, str], ...] = (
    (
        "user.contact.address",
        (
            "address, addr, adresse, anschrift, indirizzo, endereco, adres, direccion, full address, line, label, text, "
            "formatted"
        ),
    ),
    (
        "user.contact.address.street",
        "line, number, building, floor, unit, flat, address, premise, secondary, house, block, name line",
    ),
    ("user.contact.address.state", "state, region, area, estado, division, subdivision, etat"),
    (
        "user.contact.address.country",
        "country, country code, land, pays, pais, paese, kraj, iso country, country name, countrycode",
    ),
    ("user.contact.address.postal_code", "code, post"),
    ("user.name", "addressee, recipient, name, care of, attention, attn, salutation"),
    ("user.location.precise", "point, geom, geometry"),
)
"""The same where what stands above speaks of addresses."""
