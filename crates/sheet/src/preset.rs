//! Which heading of which system's file means what: pure data.

use crate::column::Column;

/// The files of one system.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    pub slug: &'static str,
    pub name: &'static str,
    /// A file is of this system when it has all of these headings.
    pub signature: &'static [&'static str],
    /// Headings as the system writes them, and the key of the column; every other heading is left out.
    pub columns: &'static [(&'static str, &'static str)],
    /// What does not come over, in words.
    pub lost: &'static str,
}

pub const PRESETS: [Preset; 6] = [
    Preset {
        slug: "3cx",
        name: "3CX",
        signature: &["Number", "FirstName", "EmailAddress"],
        columns: &[
            ("Number", "extension"),
            ("FirstName", "first_name"),
            ("LastName", "last_name"),
            ("EmailAddress", "email"),
            ("DID", "phone_number"),
            ("Department", "department"),
            ("MAC", "device_mac"),
            ("Model", "device_model"),
        ],
        lost: "passwords, voicemail PINs, the mobile number (a private one there), caller ID, recording and rights",
    },
    Preset {
        slug: "freepbx",
        name: "FreePBX",
        signature: &["extension", "name", "tech"],
        columns: &[
            ("extension", "extension"),
            ("name", "full_name"),
            ("voicemail_email", "email"),
            ("emergency_cid", "phone_number"),
        ],
        lost: "secrets (each device gets a new one), voicemail passwords, find-me lists, recording",
    },
    Preset {
        slug: "fusionpbx",
        name: "FusionPBX",
        signature: &["extension", "directory_first_name", "directory_last_name"],
        columns: &[
            ("extension", "extension"),
            ("directory_first_name", "first_name"),
            ("directory_last_name", "last_name"),
            ("voicemail_mail_to", "email"),
            ("outbound_caller_id_number", "phone_number"),
            ("forward_user_not_registered_destination", "unreachable"),
        ],
        lost: "passwords (each device gets a new one), other forwarding, call groups, hold music",
    },
    Preset {
        slug: "microsoft-365",
        name: "Microsoft 365",
        signature: &["User Name", "Display Name"],
        columns: &[
            ("User Name", "email"),
            ("First Name", "first_name"),
            ("Last Name", "last_name"),
            ("Department", "department"),
            ("Office Phone", "phone_number"),
            ("Address", "e911_street"),
            ("Office Number", "e911_unit"),
            ("City", "e911_city"),
            ("State or Province", "e911_region"),
            ("ZIP or Postal Code", "e911_postal_code"),
            ("Country or Region", "e911_country"),
        ],
        lost: "job title, fax, the alternate address; Microsoft 365 licenses are not ours",
    },
    Preset {
        slug: "nextiva",
        name: "Nextiva",
        signature: &["First Name", "Last Name", "Username", "Location"],
        columns: &[
            ("First Name", "first_name"),
            ("Last Name", "last_name"),
            ("Username", "username"),
            ("Email", "email"),
            ("Email Voicemails", "email_voicemails"),
            ("Phone Number", "phone_number"),
            ("Phone Number (DID)", "phone_number"),
            ("Package", "license.voice"),
            ("Extension", "extension"),
            ("Primary number unreachable", "unreachable"),
            ("Location", "location"),
            ("Time Zone", "time_zone"),
            ("Department", "department"),
            ("Send a Welcome email", "welcome"),
        ],
        lost: "Authorized Users and their PINs (who approved them has to approve them here), teams",
    },
    Preset {
        slug: "telavox",
        name: "Telavox",
        signature: &["First name", "Surname"],
        columns: &[
            ("First name", "first_name"),
            ("Surname", "last_name"),
            ("Email", "email"),
            ("E-mail", "email"),
            ("Department", "department"),
            ("Extension", "extension"),
            ("Landline number", "phone_number"),
            ("Fixed number", "phone_number"),
            ("Mobile number", "mobile_number"),
            ("License", "license.voice"),
            ("Voice", "license.voice"),
            ("Mobile data", "license.mobile-data"),
            ("Upgrades", "license.upgrades"),
        ],
        lost: "SIM cards and binding periods",
    },
];

impl Preset {
    pub fn find(slug: &str) -> Option<&'static Self> {
        static ALL: [Preset; 6] = PRESETS;
        ALL.iter().find(|preset| preset.slug == slug)
    }

    pub(crate) fn column(&self, heading: &str) -> Option<Column> {
        let (_, key) = self.columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(heading.trim()))?;
        Column::parse(key)
    }
}

/// Other words for a column, folded as headings are compared: without blanks, marks and signs.
pub(crate) const SYNONYMS: &[(&str, &[&str])] = &[
    ("first_name", &["firstname", "givenname", "forename", "vorname", "first", "prenom", "fornamn"]),
    ("last_name", &["lastname", "surname", "familyname", "nachname", "last", "efternamn"]),
    ("full_name", &["fullname", "name", "displayname"]),
    ("username", &["username", "login", "user", "userid", "loginname", "benutzername", "anvandarnamn"]),
    ("email", &["email", "mail", "emailaddress", "mailaddress", "voicemailemail", "epost"]),
    ("email_voicemails", &["emailvoicemails", "emailvoicemail", "voicemailtoemail", "emailvmail"]),
    ("attach_recording", &["attachtherecording", "attachrecording", "attachaudio", "voicemailattachaudio"]),
    (
        "phone_number",
        &[
            "phonenumber",
            "phone",
            "did",
            "phonenumberdid",
            "directnumber",
            "landline",
            "landlinenumber",
            "incomingdid",
            "officephone",
            "telefonnummer",
            "telephone",
            "fixednumber",
        ],
    ),
    ("mobile_number", &["mobilenumber", "mobile", "mobilephone", "cell", "cellphone", "mobilnummer"]),
    ("extension", &["extension", "ext", "exten", "extensionnumber", "durchwahl", "anknytning"]),
    ("unreachable", &["primarynumberunreachable", "unreachable", "forwardusernotregistereddestination"]),
    ("location", &["location", "site", "sitename", "standort"]),
    ("time_zone", &["timezone", "tz", "zeitzone"]),
    ("department", &["department", "team", "dept", "abteilung", "avdelning", "departments"]),
    ("role", &["role", "accountrole"]),
    (
        "welcome",
        &["sendawelcomeemail", "welcome", "sendwelcomeemail", "welcomeemail", "sendawelcomeemailwithlogincredentials"],
    ),
    ("e911_street_number", &["e911streetnumber", "streetnumber", "housenumber"]),
    ("e911_street_name", &["e911street", "e911streetname", "streetname", "street"]),
    ("e911_street", &["e911streetandnumber", "address", "streetaddress", "e911address", "addressline1"]),
    ("e911_unit", &["e911unitfloorroom", "e911unit", "unit", "suite", "floor", "room", "officenumber", "addressline2"]),
    ("e911_city", &["e911city", "city", "town", "locality"]),
    ("e911_region", &["e911state", "e911region", "state", "stateorprovince", "province", "region"]),
    ("e911_postal_code", &["e911postalcode", "zip", "zipcode", "ziporpostalcode", "postalcode", "e911zip", "postcode"]),
    ("e911_country", &["e911country", "country", "countryorregion"]),
    ("e911_confirmed", &["e911confirmed", "addressconfirmed"]),
    ("device_model", &["devicemodel", "model", "phonemodel", "devicetemplate"]),
    ("device_mac", &["devicemac", "mac", "macaddress", "deviceaddress", "devicemacaddress"]),
    ("device_label", &["devicelabel", "devicename"]),
    ("number_kind", &["kindofnumber", "numbertype", "numberkind"]),
    ("area_code", &["areacode", "npa"]),
    ("contact_name", &["emergencycontact", "contactname", "contact"]),
    ("contact_email", &["emergencycontactsemail", "emergencycontactemail", "contactemail"]),
    ("contact_phone", &["emergencycontactsphone", "emergencycontactphone", "contactphone"]),
    ("license.voice", &["package", "license", "licence", "voicelicense", "voicelicence", "callingplan"]),
];
