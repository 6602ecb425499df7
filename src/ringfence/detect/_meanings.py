"""What the names of fields and tables mean: the tables that `classify` reads.

The rule: rows only. A name stands here as words in any of the languages; it is compared folded, without gaps, from its end
(`work_e_mail` ends in `e mail`). `PLAIN` names mean one thing wherever they stand; `BESIDE` names mean it only where what stands
above them speaks of people or of addresses; the words below say which of the names above do.
"""

from ringfence.detect.recognizer import listed

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
            "handynummer, rufnummer, mobil, mobilnummer, telefono, telefone, movil, celular, cellulare, telemovel, telefoon, "
            "telefoonnummer, mobiel, komorka, landline, contact number, phone no, phonenumber, mobile phone, festnetz, "
            "telecom, e164, sms number, calling number, called number, caller number, callerid, caller id, gsm, puhelin, "
            "portable, national format, phone line"
        ),
    ),
    ("user.contact.fax_number", "fax, faxnummer, telefax, fax number, telecopie"),
    (
        "user.contact.social_url",
        "linkedin, twitter, facebook, instagram, github, homepage, personal website, social url, tiktok, mastodon",
    ),
    (
        "user.name.first",
        (
            "first name, firstname, fname, given name, given names, givenname, forename, vorname, vornamen, prenom, prenoms, "
            "voornaam, imie, primer nombre, nombre de pila, middle name, mname, middle initial, fornavn, etunimi, keresztnev, "
            "christian name, rufname"
        ),
    ),
    (
        "user.name.last",
        (
            "last name, lastname, lname, surname, family name, familyname, nachname, familienname, maiden name, birth name, "
            "geburtsname, nom de famille, apellido, apellidos, primer apellido, segundo apellido, cognome, sobrenome, apelido, "
            "achternaam, tussenvoegsel, nazwisko, etternavn, efternamn, sukunimi, second name"
        ),
    ),
    (
        "user.name",
        (
            "full name, fullname, legal name, cardholder, cardholder name, account holder, account holder name, holder name, "
            "display name, nick name, nom complet, nombre completo, nome completo, vollstandiger name, person name, "
            "caller name, "
            "mothers maiden name, mother maiden name, next of kin, contact name, contact person, ansprechpartner, signatory, "
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
            "password, passwd, passwort, kennwort, pwd, password hash, hashed password, encrypted password, password digest, "
            "pass hash, mot de passe, contrasena, clave, senha, wachtwoord, haslo, passphrase, password salt, salt, passcode, "
            "user pass, pw hash, parola"
        ),
    ),
    (
        "user.authorization.credentials",
        (
            "api key, apikey, api secret, secret, secret key, client secret, auth token, access token, refresh token, "
            "session token, id token, token, bearer, private key, credential, credentials, otp secret, totp secret, "
            "recovery code, backup code, security answer, reset token, remember token, verification token, cookie secret"
        ),
    ),
    (
        "user.demographic.date_of_birth",
        (
            "dob, birth date, birthdate, date of birth, birthday, born, born on, bday, birth, birth day, birth year, year of "
            "birth, birth month, geburtsdatum, geburtstag, geburtsjahr, geboren, date naissance, date de naissance, naissance, "
            "fecha nacimiento, fecha de nacimiento, nacimiento, data nascita, data di nascita, nascita, data nascimento, "
            "data de nascimento, nascimento, geboortedatum, data urodzenia, date of death, death date, deceased date, "
            "foedselsdato"
        ),
    ),
    (
        "user.government_id.national_identification_number",
        (
            "ssn, social security, social security number, social security no, national id, national identity, nationalid, "
            "national insurance number, nino, tax id, taxid, tin, itin, steuer id, steuernummer, steueridentifikationsnummer, "
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
            "payment card, cc num, cc no"
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
            "bonus amount, compensation, base pay, einkommen, salario, stipendio, credit limit, credit rating, commission pct, "
            "hourly rate, pay rate"
        ),
    ),
    (
        "user.contact.address.street",
        (
            "street, street address, address line, address1, address2, address line1, address line2, addr line, strasse, str, "
            "hausnummer, house number, rue, calle, via, rua, straat, ulica, street name, street secondary, street number, "
            "line1, line2, apartment, po box, postfach, addr1, addr2, addressline, residence, domicilio, direccion"
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
            "device id, deviceid, imei, imsi, iccid, udid, idfa, idfv, gaid, advertising id, android id, device serial, meid, "
            "device token, push token, device fingerprint"
        ),
    ),
    (
        "user.device.cookie_id",
        "cookie id, cookie, visitor id, tracking id, client cookie, ga client id, session id, sessionid, anonymous id",
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
            "id, subscriber id, identity, participant identity, endpoint identity"
        ),
    ),
)
"""A category, and the names that mean it wherever they stand. Where one name ends in another, the longer one counts."""

BESIDE_PEOPLE: tuple[tuple[str, str], ...] = (
    (
        "user.name",
        "name, nom, nombre, nome, naam, nazwa, names, holder, alias, label name, friendly name, sort name, nev",
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
    ("user.contact.social_url", "website, url, blog, web, site"),
    ("user.demographic.religious_belief", "religion code"),
    ("user.health", "weight, height, groesse, gewicht, smoker"),
    ("user.demographic", "children, dependents, household size, nationality code, education, number of children"),
    ("user.unique_id", "pin, code, nr, number, key, ref, reference, sid, external id, no, identifier, uuid, guid"),
)
"""The same for names that mean it only in a table, or under a name, that speaks of people."""

BESIDE_ADDRESSES: tuple[tuple[str, str], ...] = (
    ("user.contact.address", "address, addr, adresse, anschrift, full address, line, label, text, formatted"),
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

PEOPLE = frozenset(
    listed(
        "user, customer, client, person, people, patient, employee, member, owner, contact, recipient, sender, guest, "
        "passenger, student, pupil, teacher, driver, subscriber, holder, beneficiary, applicant, candidate, player, spouse, "
        "child, children, parent, father, mother, doctor, physician, nurse, practitioner, author, actor, staff, manager, "
        "buyer, seller, payer, payee, tenant, borrower, donor, visitor, attendee, participant, creditor, debtor, insured, "
        "cardholder, kunde, kundin, kunden, mitarbeiter, mitarbeiterin, benutzer, inhaber, empfanger, cliente, utente, "
        "usuario, klient, persona, personne, paciente, paziente, empleado, impiegato, klant, klanten, pasjent, pacjent, "
        "pracownik, medewerker, persoon, osoba, pessoa, funcionario, worker, crew, artist, director, instructor, professor, "
        "faculty, coach, caller, callee, assignee, assigned to, reporter, reviewer, approver, agent, lead, prospect, "
        "respondent, "
        "volunteer, citizen, resident, witness, suspect, victim, inmate, voter, household, family, relative, guardian, "
        "supervisor, consultant, freelancer, contractor, personnel, individual, human, signer, signatory, invitee, speaker, "
        "trainer, trainee, athlete, referee, judge, lawyer, attorney, shopper, consumer, account holder, utilisateur, "
        "utilisateurs, salarie, eleve, etudiant, adherent, alumno, trabajador, dipendente, studente, werknemer, gebruiker, "
        "patientin, arzt, schueler, lehrer, mieter, vermieter, nutzer, teilnehmer, ansprechpartner, identity, "
        "subject, actress, "
        "profile, username, login, sponsor, cast, salesperson, representative, rep, mentor, friend, follower, sibling, "
        "husband, wife, partner person, deceased, newborn, infant, requester, requestor, creator, editor, operator"
    )
)
"""Tables and fields that are of people."""

ADDRESSES = frozenset(
    listed(
        "address, addr, adresse, adressen, anschrift, direccion, indirizzo, endereco, adres, shipping, billing, ship, bill, "
        "delivery address, residence, domicile, lieferadresse, rechnungsadresse, mailing, value address, dirección, postal"
    )
)
"""Those that are of addresses."""

ORGANISATIONS = frozenset(
    listed(
        "organization, organisation, company, employer, firm, firma, hospital, clinic, school, university, institution, "
        "vendor, supplier, shipper, merchant, business, agency, bank, store, shop, branch, warehouse, publisher, studio, "
        "manufacturer, office, venue, brand, department, provider, association, party, restaurant, hotel, laboratory, lab, "
        "pharmacy, insurer, payor, carrier, airline, airport, distributor, dealer, ministry, lieferant, unternehmen, "
        "fournisseur"
    )
)
"""Those that are of organisations: what reaches one is held to reach people in it, but its name names nobody."""

THINGS = frozenset(
    listed(
        "product, item, article, film, movie, book, album, track, song, genre, category, type, language, currency, country, "
        "city, region, state, role, permission, group, tag, status, order, invoice, payment, event, event type, course, "
        "subject area, class, room, building, file, document, image, template, campaign, project, task, job, service, "
        "plan, package, feature, module, app, application, device, host, server, domain, database, table, column, field, "
        "schema, index, queue, topic, channel, version, release, branch name, repo, repository, test, report, dashboard, "
        "page, menu, form, question, unit, measure, model, make, part, component, asset, inventory, location type, "
        "setting, config, configuration, option, parameter, attribute, property, playlist, media, media type, team, league, "
        "species, drug, procedure, code, coding, territory, shipment, stock, sku, price, discount, coupon, tax, rate, rule, "
        "policy, flow, workflow, step, job type, function, method, endpoint, resource type, license, migration, session, "
        "schedule, shift, produkt, artikel, kategorie, auftrag, rechnung, produit, commande, producto, pedido, prodotto, "
        "ordine, claim, observation, encounter, immunization, condition, diagnostic report, explanation of benefit, "
        "medication request, care plan, goal, coverage, location, flight, aircraft, seat, ticket, vehicle, car, menu item, "
        "ingredient, recipe, pizza, store type, segment, label, key, webhook, integration, bundle, ip record, "
        "credential list, "
        "domain name, trunk, fleet, sim, number pool, assistant, tool, knowledge, credential, factor, bucket, map, "
        "list, stream"
    )
)
"""Those that are of things: a name in them is no person's."""

HOLDERS = frozenset(
    listed(
        "profile, profiles, detail, details, info, information, data, record, records, master, list, table, archive, "
        "backup, "
        "staging, stage, tmp, temp, old, new, view, directory, dim, tbl, account, accounts, entity, entry, base, "
        "copy, dump, "
        "history, raw, daten, stamm, stammdaten, basic, extended, current, all, dimension, import, export, summary, card"
    )
)
"""Words at the end of a table's name that do not change whose it is: `customer_details`."""

HARMLESS = frozenset(
    listed(
        "status, state, type, kind, category, count, total, amount, price, cost, quantity, qty, currency, created, updated, "
        "created at, updated at, modified, deleted, version, sequence, sort, sort order, position, rank, priority, flag, "
        "enabled, active, is active, visible, color, colour, size, length, width, height, weight, unit, rate, rating, "
        "score, "
        "level, sku, slug, locale, timezone, time zone, tz, format, mime type, content type, extension, hash, "
        "checksum, etag, "
        "md5, sha1, sha256, code, action, event, event type, method, protocol, port, host, hostname, domain, path, "
        "uri, url, "
        "link, links, href, file, filename, file name, folder, bucket, region, zone, environment, env, year, month, "
        "day, week, quarter, "
        "duration, interval, timeout, limit, offset, percent, percentage, ratio, segment, channel, source, medium, "
        "campaign, "
        "tag, tags, genre, language, icon, logo, theme, title, heading, system, value, unit price, capability, "
        "capabilities, "
        "direction, reason, result, outcome, mode, scope, step, stage, phase, period, frequency, valid from, valid to, "
        "resource type, display, use, model, brand, release year, special features, branch, department, role, permission, "
        "table name, column name, schema, product name, item name, tax, discount, shipping, operator, symbol, iso code"
    )
)
"""Names that say nothing of a person by themselves; with a sample that says nothing either they are `none`."""

FREE = frozenset(
    listed(
        "note, notes, comment, comments, description, desc, remark, remarks, message, body, text, content, subject, memo, "
        "bio, biography, about, details, summary, feedback, review, question, answer, reply, transcript, transcription, "
        "transcription text, bemerkung, bemerkungen, kommentar, notiz, notizen, beschreibung, commentaire, remarque, "
        "comentario, notas, "
        "descripcion, nota, osservazioni, opmerking, uwagi, opis, instructions, narrative, story, prompt, payload, raw, "
        "meta, metadata, data, json, attributes, properties, extra, preferences, settings, context, log, query, request, "
        "response, params, body text, div, html, xml, markdown, email body, chat, post, tweet, custom fields, free "
        "text, detail"
    )
)
"""Names of what people write freely, and of containers: what is found in them decides."""

NEGATING = frozenset(
    listed(
        "is, has, can, should, allow, allows, enable, enabled, disable, require, requires, count, num, total, max, "
        "min, avg, "
        "verified, valid, validated, confirmed, sent, opened, clicked, bounced, type, template, status, format, required, "
        "optional, length, size, limit, opt, optin, optout, subscribed, sms enabled, voice enabled, supports"
    )
)
"""First words that make a question, a count or a switch out of a name: `has_phone`, `num_emails`."""

NO_ADDRESS = frozenset(
    listed(
        "memory, contract, base, server, bus, smart, wallet, bitcoin, ethereum, listen, bind, host, web, http, url, page, "
        "register, target, destination, endpoint, peer, gateway, network, email, mail, ip, mac, hardware, sip, queue, "
        "physical"
    )
)
"""Words before `address` that make something else of it."""

SAID: tuple[tuple[str, str], ...] = (
    ("user.contact.email", "email address, e-mail address, email of, e-mail of, electronic mail, e-mail-adresse"),
    (
        "user.contact.phone_number",
        "phone number, telephone number, mobile number, in e.164, e.164 format, telefonnummer",
    ),
    ("user.name.first", "first name, given name, vorname, prenom"),
    ("user.name.last", "last name, surname, family name, nachname, maiden name"),
    (
        "user.name",
        (
            "full name of, name of the person, name of the customer, person's name, customer's name, user's name, name of "
            "the user, name of the patient, name of the employee, name of the contact, cardholder name"
        ),
    ),
    ("user.demographic.date_of_birth", "date of birth, birth date, birthday, geburtsdatum"),
    (
        "user.government_id.national_identification_number",
        (
            "social security number, national identification, national id number, personal identification number, tax "
            "identification number"
        ),
    ),
    ("user.financial.credit_card", "credit card number, card number, payment card"),
    ("user.financial.bank_account", "iban, bank account number"),
    ("user.contact.address", "postal address, street address, home address, mailing address of the"),
    (
        "user.device.ip_address",
        "ip address of the client, ip address of the user, client ip address, user's ip address",
    ),
    ("user.authorization.password", "password hash, hashed password, user's password"),
    ("user.health", "diagnosis of, medical condition, health data"),
)
"""Phrases of comments. Longer ones first; they count less than a name, for a comment also speaks of other columns."""
