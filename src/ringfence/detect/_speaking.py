"""Words that tell what a name is of: people, addresses, organisations, things; what is written freely; what turns a sentence.

The rule: rows only, in any of the languages; a word is compared folded, in the singular and as it stands.
"""

from ringfence.detect.recognizer import listed

PEOPLE = frozenset(
    listed(
        "emp, empl, cust, usr, mbr, stud, abonne, abonnes, assure, assures, assicurato, titulaire, titular, intestatario, "
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
        "composer, performer, singer, writer, narrator, translator, photographer, illustrator, conductor, clienti, "
        "utenti, dipendenti, pazienti, alunos, aluno, alunni, klienci, pracownicy, uzytkownicy, uzytkownik, "
        "medewerkers, gebruikers, patienten, studenten, eleves, personen, persone, osoby, mitglied, mitglieder, "
        "bewerber, versicherte, socio, soci, huurder, candidato, professore, docente, docenti, asiakas, kund, medlem, "
        "ansatt, supervisor, consultant, freelancer, contractor, personnel, individual, human, signer, signatory, "
        "invitee, speaker, "
        "trainer, trainee, athlete, referee, judge, lawyer, attorney, shopper, consumer, account holder, utilisateur, "
        "utilisateurs, salarie, eleve, etudiant, adherent, alumno, trabajador, dipendente, studente, werknemer, gebruiker, "
        "patientin, arzt, schueler, lehrer, mieter, vermieter, nutzer, teilnehmer, ansprechpartner, identity, "
        "subject, actress, "
        "profile, username, login, sponsor, cast, salesperson, representative, rep, mentor, friend, follower, sibling, "
        "candidat, enseignant, stagiaire, medecin, profesor, medico, estudiante, dozent, lehrkraft, azubi, pfleger, "
        "husband, wife, partner person, deceased, newborn, infant, requester, requestor, creator, editor"
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
        "pharmacy, insurer, payor, carrier, airline, distributor, dealer, ministry, lieferant, unternehmen, "
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
        "medication request, care plan, goal, coverage, location, airport, station, stop, flight, aircraft, seat, "
        "ticket, vehicle, car, menu item, "
        "ingredient, recipe, pizza, store type, segment, label, key, webhook, integration, bundle, ip record, "
        "credential list, "
        "phone number, available phone number, domain name, trunk, fleet, sim, number pool, assistant, tool, "
        "knowledge, credential, factor, bucket, map, "
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
        "history, raw, daten, stamm, stammdaten, basic, extended, current, all, dimension, local, mobile, toll, free, "
        "import, export, summary, card"
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
        "internet, netz, memory, contract, base, server, bus, smart, wallet, bitcoin, ethereum, listen, bind, host, "
        "web, http, url, page, "
        "register, target, destination, endpoint, peer, gateway, network, email, mail, ip, mac, hardware, sip, queue, "
        "physical"
    )
)
"""Words before `address` that make something else of it."""

SAID: tuple[tuple[str, str], ...] = (
    ("user.contact.email", "email address, e mail address, email, e mail, e mail adresse"),
    (
        "user.contact.phone_number",
        "phone number, telephone number, mobile number, phone numbers, telefonnummer, mobile phone number",
    ),
    ("user.name.first", "first name, given name, vorname, prenom"),
    ("user.name.last", "last name, surname, family name, nachname, maiden name"),
    ("user.name", "full name, cardholder name, name of the cardholder, name of the account holder"),
    (
        "user.name",
        "name of the person, name of the customer, name of the user, name of the patient, name of the employee",
    ),
    (
        "user.name",
        "persons name, customers name, users name, patients name, employees name, contacts name, callers name",
    ),
    ("user.demographic.date_of_birth", "date of birth, birth date, birthday, geburtsdatum"),
    (
        "user.government_id.national_identification_number",
        "social security number, national identification number, national id number, personal identification number",
    ),
    ("user.financial.credit_card", "credit card number, card number, payment card number"),
    ("user.financial.bank_account", "iban, bank account number"),
    ("user.contact.address", "postal address, street address, home address, mailing address"),
    ("user.device.ip_address", "ip address of the client, ip address of the user, client ip address, users ip address"),
    ("user.authorization.password", "password, password hash, hashed password, users password"),
    ("user.health.medical_diagnosis", "diagnosis, medical diagnosis"),
    ("user.demographic.religious_belief", "religion, religious belief, religious affiliation"),
)
"""What a comment begins by saying, after an article and an adjective or two. Further on it speaks of other things, too."""

TURNING = frozenset(
    listed(
        "of, for, if, whether, to, in, with, that, which, when, on, by, is, are, at, from, where, how, whose, per, about, "
        "not, no, number, count, type, status, kind, sid, id, total, list"
    )
)
"""Words of a comment after which it no longer says what the field itself is."""

FOLLOWING = frozenset(
    listed("sid, sids, resource, resources, type, status, count, id, capabilities, country, verification, template")
)
"""Words after a phrase that make it speak of something about the thing: `phone number SID`."""

DOERS = frozenset(
    listed(
        "created, updated, modified, changed, edited, approved, signed, invited, assigned, requested, entered, "
        "reviewed, added, "
        "deleted, owned, written, authored, verified, uploaded, submitted, recorded, closed, opened, initiated, "
        "handled, erstellt, "
        "sold, prescribed, referred, checked, booked, taken"
    )
)
"""Words before `by` that somebody does."""
