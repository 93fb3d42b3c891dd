//! The inventory: searched, and offered in the order in which a person would choose.

use lineside_model::change::Change;
use lineside_model::list::NumberFilter;
use lineside_model::phone_number::{E164, NumberKind, NumberState};
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, new_user};

#[rstest]
#[tokio::test]
async fn numbers_are_found_by_their_ends(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    house.add_numbers(&house.acme, &["480 555 0143", "602 555 0143", "480 555 0199"], NumberKind::Landline).await;
    house.add_numbers(&house.acme, &["602 555 0777"], NumberKind::Mobile).await;
    let found = async |filter: NumberFilter| {
        let page = house.store().numbers(&house.acme, &filter).await.unwrap();
        assert_eq!(usize::try_from(page.total).unwrap(), page.rows.len());
        page.rows.iter().map(|row| row.number.number.digits().to_owned()).collect::<Vec<_>>()
    };
    let search = |search: &str| NumberFilter { search: search.to_owned(), ..NumberFilter::default() };
    assert_eq!(found(search("0143")).await, ["14805550143", "16025550143"]);
    assert_eq!(found(search("(602) 555")).await, ["16025550143", "16025550777"]);
    assert_eq!(found(search("+1 480")).await, ["14805550143", "14805550199"]);
    assert_eq!(found(search("143")).await, Vec::<String>::new());
    assert_eq!(found(search("abc")).await, Vec::<String>::new());
    assert_eq!(found(NumberFilter { kind: Some(NumberKind::Mobile), ..search("") }).await, ["16025550777"]);
    assert_eq!(found(NumberFilter { state: Some(NumberState::Assigned), ..search("") }).await, Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn the_location_s_area_code_is_offered_first(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (acme, store) = (&house.acme, house.store());
    let hq = house.add_location(acme, "HQ").await;
    let numbers =
        house.add_numbers(acme, &["212 555 0101", "480 555 0102", "480 555 0103"], NumberKind::Landline).await;
    let at_hq = vec![E164::parse("602 555 0104").unwrap()];
    house.done(acme, Change::AddNumbers { numbers: at_hq, kind: NumberKind::Mobile, location_id: Some(hq) }).await;
    let user = house.add_user(acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    house.done(acme, Change::AssignNumber { number_id: numbers[2], user_id: Some(user) }).await;
    let offered = async |location, search: &str, limit| {
        let free = store.free_numbers(acme, location, search, limit).await.unwrap();
        free.iter().map(|free| (free.number.digits()[1..4].to_owned(), free.local)).collect::<Vec<_>>()
    };
    let (local, here, other) = (("480".to_owned(), true), ("602".to_owned(), false), ("212".to_owned(), false));
    assert_eq!(offered(Some(hq), "", 9).await, [local.clone(), here.clone(), other.clone()]);
    assert_eq!(offered(Some(hq), "", 1).await, [local]);
    assert_eq!(offered(Some(hq), "010", 9).await.len(), 3);
    assert_eq!(offered(Some(hq), "555 0101", 9).await, std::slice::from_ref(&other));
    assert_eq!(offered(None, "", 9).await, [other, ("480".to_owned(), false), here]);
    let home = store.home(acme).await.unwrap().unwrap();
    assert_eq!((home.numbers, home.numbers_free), (4, 3));
}
