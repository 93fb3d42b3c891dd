//! As many devices as the license allows, at every moment: in the switch's directory, for a phone that fetches, on pages.

use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::id::{DeviceId, LicenseTypeId, UserId};
use lineside_model::license::{Catalogue, Feature};
use lineside_service::catalogue::Rehearsal;
use lineside_service::directory::DirectoryChange;
use lineside_service::store::CatalogueRequest;
use lineside_service::{Caller, ServiceError};
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use rstest::rstest;

fn license(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).expect("the catalogue ships with it").id
}

struct Desks {
    house: House,
    user: UserId,
    devices: [DeviceId; 2],
    _database: Database,
}

impl Desks {
    /// A user with a license for two devices, and two.
    async fn new(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        let house = House::over(database.store.clone()).await.expect("a house");
        let user = house.acme.user.id;
        let owner = house.acme.owner.caller.clone();
        // One that says nothing of numbers, which are not this test's matter.
        let mut catalogue = Catalogue::default_catalogue();
        for of_type in &mut catalogue.types {
            if of_type.slug == "business" {
                of_type.requirements.clear();
            }
        }
        change_catalogue(&house, &catalogue).await;
        for slug in ["basic", "business"] {
            let seats = Change::SetSeats { license_type_id: license(slug), bought: 5, bound: None };
            house.apply(&owner, seats).await.expect("seats");
        }
        assign(&house, user, "business").await;
        let mut devices = Vec::new();
        for _ in 0..2 {
            let device = NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(user) };
            let (request, _) = house.apply(&owner, Change::AddDevice { device }).await.expect("a device");
            devices.push(request.new_device_id());
        }
        let devices = devices.try_into().expect("two");
        Some(Self { house, user, devices, _database: database })
    }

    fn owner(&self) -> &Caller {
        &self.house.acme.owner.caller
    }

    /// Each device, in the order of assignment: may register, gets its file, is not said to be beyond the license.
    async fn works(&self) -> [(bool, bool, bool); 2] {
        let directory = self.house.service.directory().await.expect("the directory");
        let user = directory.iter().find(|user| user.user_id == self.user).expect("the user");
        let mut works = Vec::new();
        for device in self.devices {
            let enabled = user.lines.iter().any(|line| line.device_id == device && line.enabled);
            let detail = self.house.service.device(self.owner(), device).await.expect("the device");
            let url = self.house.service.provisioning_url(&detail.device).expect("a url").expect("one");
            let secret = url.rsplit('/').nth(1).expect("a secret");
            let fetched = self.house.service.fetch_configuration(secret, "linphone.xml", "192.0.2.1", "").await;
            assert!(fetched.is_ok() || matches!(fetched, Err(ServiceError::NotFound)));
            works.push((enabled, fetched.is_ok(), detail.beyond.is_none()));
        }
        works.try_into().expect("two")
    }
}

async fn assign(house: &House, user: UserId, slug: &str) {
    let change = Change::AssignLicense { user_ids: vec![user], license_type_id: license(slug), date: None };
    house.apply(&house.acme.owner.caller, change).await.expect("a license");
}

async fn change_catalogue(house: &House, catalogue: &Catalogue) {
    let (version, _) = house.service.plan_catalogue(&house.operator, catalogue).await.expect("a plan");
    let request = CatalogueRequest { id: house.service.new_change_id(), wanted: catalogue, seen: version, sent: None };
    house.service.apply_catalogue(&house.operator, &request, Rehearsal::First).await.expect("applied");
}

const YES: (bool, bool, bool) = (true, true, true);
const NO: (bool, bool, bool) = (false, false, false);

#[rstest]
#[tokio::test]
async fn a_smaller_license_stops_the_later_device_and_a_larger_one_heals_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desks) = Desks::new(engine).await else { return };
    assert_eq!(desks.works().await, [YES, YES]);
    let mut feed = desks.house.service.directory_feed();
    assign(&desks.house, desks.user, "basic").await;
    let Ok(DirectoryChange::Put(user)) = feed.try_recv() else { panic!("the switch is told at once") };
    assert_eq!(user.lines.iter().filter(|line| line.enabled).count(), 1);
    assert_eq!(desks.works().await, [YES, NO]);
    let generate = Change::Generate { device_id: desks.devices[0] };
    desks.house.apply(desks.owner(), generate).await.expect("a new password");
    assert_eq!(desks.works().await, [YES, NO], "a new password is no new assignment");
    assign(&desks.house, desks.user, "business").await;
    assert_eq!(desks.works().await, [YES, YES]);
}

#[rstest]
#[tokio::test]
async fn unassigning_the_first_device_makes_room_for_the_second(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desks) = Desks::new(engine).await else { return };
    assign(&desks.house, desks.user, "basic").await;
    let unassign = Change::UnassignDevice { device_id: desks.devices[0] };
    desks.house.apply(desks.owner(), unassign).await.expect("unassigned");
    assert_eq!(desks.works().await[1], YES);
}

#[rstest]
#[tokio::test]
async fn a_catalogue_that_allows_fewer_is_followed_by_everybodys_devices(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desks) = Desks::new(engine).await else { return };
    let mut feed = desks.house.service.directory_feed();
    let mut catalogue =
        desks.house.service.catalogue_now(&desks.house.operator).await.expect("the catalogue").catalogue;
    for of_type in &mut catalogue.types {
        for feature in &mut of_type.features {
            if matches!(feature, Feature::Devices(_)) {
                *feature = Feature::Devices(1);
            }
        }
    }
    change_catalogue(&desks.house, &catalogue).await;
    assert!(matches!(feed.try_recv(), Ok(DirectoryChange::Everybody)));
    assert_eq!(desks.works().await, [YES, NO]);
}
