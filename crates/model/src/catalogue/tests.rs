use super::*;
use crate::address::Country;
use crate::id::{LicenseTypeId, TrackId};
use crate::license::{Feature, LicenseType, Requirement, Track, VOICE};
use uuid::Uuid;

fn now() -> CatalogueNow {
    let catalogue = Catalogue::default_catalogue();
    let mut usage = CatalogueUsage::default();
    let used = TypeUsage { held: 12, bought: 20, scheduled: 3 };
    usage.types.insert(id(&catalogue, "business"), used);
    CatalogueNow { version: 1, catalogue, usage }
}

fn id(catalogue: &Catalogue, slug: &str) -> LicenseTypeId {
    catalogue.license_type_by_slug(slug).unwrap().id
}

fn edit(slug: &str, change: impl FnOnce(&mut LicenseType)) -> CataloguePlan {
    let now = now();
    let mut wanted = now.catalogue.clone();
    change(wanted.types.iter_mut().find(|license| license.slug == slug).unwrap());
    plan(&now, &wanted)
}

fn said(plan: &CataloguePlan) -> Vec<String> {
    plan.blockers.iter().map(CatalogueBlocker::in_words).collect()
}

#[test]
fn the_same_catalogue_changes_nothing() {
    let now = now();
    let plan = plan(&now, &now.catalogue);
    assert!(plan.is_empty() && plan.warnings.is_empty(), "{plan:?}");
    assert_eq!(plan.summary, "Nothing changes");
}

#[test]
fn a_changed_type_is_told_field_by_field() {
    let plan = edit("basic", |basic| {
        basic.name = "Starter".to_owned();
        basic.features = vec![Feature::Voice, Feature::Devices(2)];
        basic.requirements = vec![Requirement::E911Confirmed];
    });
    assert_eq!(plan.summary, "Change license type Starter");
    let fields: Vec<_> = plan.steps[0].changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["name", "features", "requires"]);
    assert_eq!(plan.steps[0].changes[1].after, "Calls between extensions, Devices 2");
    assert!(!plan.blocked() && plan.warnings.is_empty(), "nobody holds it: {plan:?}");
}

#[test]
fn who_loses_a_feature_is_counted() {
    let plan = edit("business", |business| {
        business.features.retain(|feature| *feature != Feature::WebPhone);
        business.features[3] = Feature::Devices(3);
        business.requirements.push(Requirement::E911Confirmed);
    });
    assert_eq!(
        plan.warnings,
        [
            "12 users of Business have less of Devices: 3 in place of 5",
            "12 users of Business lose Web phone",
            "Business requires a confirmed E911 address from now on: 12 users who hold it keep it, \
             3 scheduled assignments are looked at anew",
        ]
    );
    assert!(!plan.blocked());
}

#[test]
fn a_type_in_use_is_retired_and_not_deleted() {
    let now = now();
    let mut wanted = now.catalogue.clone();
    wanted.types.retain(|license| license.slug != "business");
    let deleted = plan(&now, &wanted);
    assert_eq!(
        said(&deleted),
        ["Business can't be deleted: 12 users hold it, 20 seats are bought, 3 changes wait in schedules; \
          retire it: those who hold it keep it, and nobody gets it anew"]
    );
    let retired = edit("business", |business| business.retired = true);
    assert_eq!((retired.steps[0].action, retired.blocked()), (CatalogueAction::Retire, false));
    assert_eq!(retired.warnings.len(), 2, "{:?}", retired.warnings);
    let mut wanted = now.catalogue.clone();
    wanted.types.retain(|license| license.slug != "basic");
    assert!(!plan(&now, &wanted).blocked(), "nobody uses it");
}

#[test]
fn a_track_with_types_in_use_stays_and_voice_always() {
    let mut now = now();
    now.usage.types.insert(id(&now.catalogue, "pro-plus"), TypeUsage { bought: 1, ..TypeUsage::default() });
    let without = |slug: &str| {
        let mut wanted = now.catalogue.clone();
        let track = wanted.track_by_slug(slug).unwrap().id;
        wanted.tracks.retain(|other| other.id != track);
        wanted.types.retain(|license| license.track_id != track);
        plan(&now, &wanted)
    };
    let upgrades = said(&without("upgrades"));
    assert!(upgrades.iter().any(|said| said.starts_with("the track Upgrades can't be deleted: Pro Plus is in use")));
    assert!(said(&without(VOICE)).iter().any(|said| said.contains("there is no track `voice`")));
    assert!(!without("mobile-data").blocked());
}

#[test]
fn a_slug_stays_with_what_it_names() {
    let plan = edit("basic", |basic| basic.slug = "starter".to_owned());
    assert!(plan.errors_of("starter").of("slug").unwrap().contains("keep the slug"), "{plan:?}");
    let taken = edit("basic", |basic| basic.id = LicenseTypeId(Uuid::from_u128(7)));
    assert!(taken.errors_of("basic").of("slug").is_some(), "{taken:?}");
    for slug in ["", "Basic", "a b", "1st", "über", "-a", &"a".repeat(41)] {
        let plan = edit("basic", |basic| slug.clone_into(&mut basic.slug));
        assert!(plan.errors_of(slug).of("slug").is_some(), "{slug}");
    }
}

#[test]
fn what_no_field_may_be() {
    for name in ["", " ", " Basic", "a\tb", &"x".repeat(65)] {
        let plan = edit("basic", |basic| name.clone_into(&mut basic.name));
        assert!(plan.errors_of("basic").of("name").is_some(), "{name:?}");
    }
    let long = edit("basic", |basic| basic.summary = "x".repeat(201));
    assert!(long.errors_of("basic").of("summary").is_some());
    let twice = edit("basic", |basic| basic.features.push(Feature::Devices(2)));
    assert!(twice.errors_of("basic").of("features").is_some());
    let none = edit("basic", |basic| basic.features = vec![Feature::Devices(0)]);
    assert!(none.errors_of("basic").of("features").is_some());
}

#[test]
fn requirements_lead_somewhere_and_in_no_circle() {
    let catalogue = Catalogue::default_catalogue();
    let track = |slug: &str| Requirement::Track(catalogue.track_by_slug(slug).unwrap().id);
    let of = |slug: &str| Requirement::Type(id(&catalogue, slug));
    let requires = |requirement: Requirement| edit("basic", |basic| basic.requirements = vec![requirement]);
    for (requirement, what) in [
        (of("basic"), "itself"),
        (of("business"), "own track"),
        (track(VOICE), "own track"),
        (Requirement::Type(LicenseTypeId(Uuid::nil())), "not there"),
        (Requirement::Track(TrackId(Uuid::nil())), "not there"),
        (Requirement::LocationIn(Vec::new()), "no country"),
    ] {
        let plan = requires(requirement);
        assert!(plan.errors_of("basic").of("requires").unwrap_or_default().contains(what), "{what}: {plan:?}");
    }
    // Pro Plus requires any Voice license; Business has no requirement of a license, so Basic may require Pro Plus.
    let plan = requires(of("pro-plus"));
    assert!(!plan.blocked(), "{plan:?}");
    assert!(plan.warnings[0].contains("put Upgrades first"), "{:?}", plan.warnings);
    let now = now();
    let mut circle = now.catalogue.clone();
    for license in circle.types.iter_mut().filter(|license| license.track_id == catalogue.tracks[0].id) {
        license.requirements = vec![of("pro-plus")];
    }
    let plan = super::plan(&now, &circle);
    assert!(plan.errors_of("pro-plus").of("requires").unwrap().contains("in turn"), "{plan:?}");
}

#[test]
fn what_is_held_stays_in_its_track() {
    let upgrades = Catalogue::default_catalogue().track_by_slug("upgrades").unwrap().id;
    let plan = edit("business", |business| business.track_id = upgrades);
    assert!(plan.errors_of("business").of("track").is_some(), "{plan:?}");
    let plan = edit("basic", |basic| basic.track_id = upgrades);
    assert!(plan.errors_of("basic").of("track").is_none(), "{plan:?}");
}

#[test]
fn an_order_is_a_change_of_its_own() {
    let now = now();
    let mut wanted = now.catalogue.clone();
    wanted.types.swap(0, 1);
    let moved = plan(&now, &wanted);
    assert_eq!(moved.summary, "Move license types of Voice");
    assert_eq!(moved.steps[0].changes[0].after, "Business, Basic, Business Mobile");
    let mut wanted = now.catalogue.clone();
    wanted.tracks.swap(1, 2);
    assert_eq!(plan(&now, &wanted.in_order()).summary, "Move tracks");
}

#[test]
fn a_catalogue_is_bounded() {
    let now = now();
    let mut wanted = now.catalogue.clone();
    for n in 0..200 {
        let track_id = wanted.tracks[0].id;
        let (id, slug) = (LicenseTypeId(Uuid::from_u128(n)), format!("t{n}"));
        let name = format!("Type {n}");
        wanted.types.push(LicenseType { id, track_id, slug, name, ..wanted.types[0].clone() });
    }
    for n in 0..20 {
        let (id, slug) = (TrackId(Uuid::from_u128(n)), format!("k{n}"));
        wanted.tracks.push(Track { id, name: slug.clone(), slug, summary: String::new() });
    }
    let said = said(&plan(&now, &wanted));
    assert_eq!(said, ["there are 23 tracks; have at most 20", "there are 206 license types; have at most 200"]);
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let mut catalogue = Catalogue::default_catalogue();
    let business = id(&catalogue, "business");
    catalogue.types[4].requirements.extend([
        Requirement::Type(business),
        Requirement::E911Confirmed,
        Requirement::LocationIn(vec![Country::US, Country::CA]),
    ]);
    catalogue.types[0].retired = true;
    catalogue.types[0].summary = "\"quoted\" \\ and [bracketed] # é".to_owned();
    let text = file::write(&catalogue);
    let again = file::read(&text, &catalogue, || unreachable!("everything is known")).unwrap();
    assert_eq!(again, catalogue);
    assert_eq!(file::write(&again), text);
    assert!(text.contains("requires = [\"track:voice\", \"type:business\", \"e911\", \"location:US,CA\"]"), "{text}");
    for feature in code::FEATURES {
        assert_eq!(Feature::from_code(&feature.example.code()), Ok(feature.example));
        assert_eq!(feature.example.kind(), feature);
    }
}

#[test]
fn what_is_new_in_a_file_gets_an_identifier() {
    let now = Catalogue::default_catalogue();
    let text = format!(
        "{}\n[[type]]\ntrack = \"fax\"\nslug = \"fax-line\"\nname = \"Fax\"\nrequires = [\"type:business\"]\n\
         [[track]]\nslug = \"fax\"\nname = \"Fax\"\n",
        file::write(&now)
    );
    let mut next = 0;
    let wanted = file::read(&text, &now, || {
        next += 1;
        Uuid::from_u128(next)
    });
    let wanted = wanted.unwrap();
    assert_eq!(next, 2);
    let planned = plan(&CatalogueNow { catalogue: now, ..CatalogueNow::default() }, &wanted);
    assert_eq!((planned.summary.as_str(), planned.blocked()), ("Add track Fax, add license type Fax", false));
}

#[test]
fn what_is_wrong_with_a_document_is_named_by_its_path() {
    let now = Catalogue::default_catalogue();
    let mut document = document::Document::from(&now);
    assert_eq!(document.read(&now, || unreachable!("everything is known")).unwrap(), now);
    document.tracks[1].slug = "voice".to_owned();
    document.types[0].features[2] = "voicemial".to_owned();
    document.types[4].track = "gold".to_owned();
    let errors = document.read(&now, Uuid::nil).unwrap_err();
    let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields[..2], ["tracks.1.slug", "types.0.features.2"]);
    assert!(errors.of("types.4.track").unwrap().contains("the tracks here are upgrades, voice"), "{errors:?}");
}

#[test]
fn plans_that_do_the_same_have_one_fingerprint_whoever_comes_and_goes() {
    let renamed = |held: i64| {
        let mut now = now();
        let business = id(&now.catalogue, "business");
        now.usage.types.insert(business, TypeUsage { held, bought: 20, scheduled: 0 });
        let mut wanted = now.catalogue.clone();
        wanted.types.iter_mut().find(|license| license.slug == "business").unwrap().features.clear();
        plan(&now, &wanted)
    };
    let (few, many) = (renamed(1), renamed(12));
    assert_ne!(few.warnings, many.warnings);
    assert_eq!(few.fingerprint(), many.fingerprint());
    assert_ne!(few.fingerprint(), edit("business", |business| business.name.clear()).fingerprint());
}

#[test]
fn what_is_wrong_with_a_file_is_told_by_its_line() {
    let now = Catalogue::default_catalogue();
    let head = "[[track]]\nslug = \"voice\"\nname = \"Voice\"\n[[type]]\nslug = \"a\"\nname = \"A\"\n";
    for (tail, line, words) in [
        ("track = \"voice\"\nfeatures = [\n\"voice\",\n\"voicemial\"]", 10, "there is no feature `voicemial`"),
        ("track = \"voice\"\nfeatures = [\"devices\"]", 8, "`devices:5`"),
        ("track = \"voice\"\nfeatures = [\"devices:0\"]", 8, "1 to 255"),
        ("track = \"voice\"\nfeatures = [\"voice:3\"]", 8, "has no amount"),
        ("track = \"fax\"", 7, "there is no track `fax`"),
        ("track = \"voice\"\nrequires = [\"type:gold\"]", 8, "there is no type `gold`"),
        ("track = \"voice\"\nrequires = [\"number:fax\"]", 8, "number:landline"),
        ("track = \"voice\"\nrequires = [\"location:USA\"]", 8, "two letters"),
        ("track = \"voice\"\nrequires = [\"luck\"]", 8, "is no requirement"),
        ("track = \"voice\"\nprice = 5", 8, "unknown field `price`"),
        ("track = \"voice\"\n[[type]]\ntrack = \"voice\"\nslug = \"a\"\nname = \"B\"", 10, "a second type `a`"),
    ] {
        let error = file::read(&format!("{head}{tail}\n"), &now, Uuid::nil).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
}
