//! A database of an earlier version, with rows in it, opened by this one.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::license::Catalogue;
use lineside_model::list::JournalFilter;
use lineside_testkit::database::{Database, Engine};
use rstest::rstest;
use sqlx::migrate::Migrator;
use uuid::Uuid;

use crate::Store;
use crate::api_token::TokenOwner;
use crate::engine::{MIGRATIONS, migrations, sqlite_dialect};

/// As the first version wrote them.
const ROWS: &str = r#"
    INSERT INTO account (id, version, number, sip_domain, name_key, settings, created_at) VALUES (ID1, 1, '10000001',
        'acme.sip.example', 'acme', '{"name":"Acme","billing_email":"billing@acme.example","time_zone":"America/Phoenix",
        "country":"US","sip_domain":"acme.sip.example","dial_plan":{"extension_min":3,"extension_max":4,
        "first_extension":"201"}}', 1);
    INSERT INTO tally (account_id, users) VALUES (ID1, 1);
    INSERT INTO account_user (id, account_id, version, first_name, last_name, username, role, state, welcome_wanted,
        profile, created_at, sort_key, extension_key) VALUES (ID2, ID1, 1, 'Ana', 'Duarte', 'ana', 'user', 'active', FALSE,
        '{"first_name":"Ana","last_name":"Duarte","email":"ana@mail.example","username":"ana","email_voicemails":false,
        "attach_recording":false,"extension":null,"unreachable":null,"location_id":null,"time_zone":null,
        "department_id":null}', 1, 'ana duarte', '~');
    INSERT INTO seats (account_id, license_type_id, version, bought, used) VALUES (ID1, ID3, 1, 5, 1);
    INSERT INTO assignment (id, account_id, version, user_id, track_id, license_type_id, starts_at)
        VALUES (ID5, ID1, 1, ID2, ID4, ID3, 1);
    INSERT INTO mail (id, account_id, user_id, kind, recipient, state, attempts, created_at, next_at)
        VALUES (ID6, ID1, ID2, 'welcome', 'ana@mail.example', 'accepted', 1, 1, 1);
    INSERT INTO journal (id, account_id, at, actor_kind, actor_name, via, action, summary, search_key, user_id, steps)
        VALUES (ID7, ID1, 1, 'system', 'Lineside', 'system', 'add_user', 'Add Ana Duarte', 'add ana duarte', ID2, '[]');
    INSERT INTO api_token (id, account_id, user_id, name, prefix, hash, created_at)
        VALUES (ID7, ID1, ID2, 'Payroll', 'ls_ab', HASH, 1);
"#;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// The first migrations, to this one.
fn only(last: i64, all: Migrator) -> Migrator {
    let first = all.iter().filter(|migration| migration.version <= last).cloned().collect();
    Migrator { migrations: Cow::Owned(first), ..all }
}

/// The database as it was after a migration, with rows in it.
async fn old(engine: Engine, last: i64, rows: &str) -> Option<(Database, String, Option<tempfile::TempDir>)> {
    let database = Database::fresh(engine).await?;
    let literal = |number: u128| match engine {
        Engine::Sqlite => format!("x'{}'", id(number).simple()),
        Engine::Postgres => format!("'{}'", id(number)),
    };
    let hash = if matches!(engine, Engine::Sqlite) { "x'ab'" } else { "'\\xab'" };
    let rows =
        (1..8).fold(rows.replace("HASH", hash), |sql, number| sql.replace(&format!("ID{number}"), &literal(number)));
    let rows = sqlx::AssertSqlSafe(rows);
    match engine {
        Engine::Sqlite => {
            let directory = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", directory.path().join("old.db").display());
            let pool = sqlx::SqlitePool::connect(&format!("{url}?mode=rwc")).await.unwrap();
            only(last, migrations(sqlite_dialect)).run(&pool).await.unwrap();
            sqlx::raw_sql(rows).execute(&pool).await.unwrap();
            pool.close().await;
            Some((database, url, Some(directory)))
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
            sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&pool).await.unwrap();
            only(last, migrations(str::to_owned)).run(&pool).await.unwrap();
            sqlx::raw_sql(rows).execute(&pool).await.unwrap();
            pool.close().await;
            let url = database.url();
            Some((database, url, None))
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    assert!(MIGRATIONS.iter().count() > 1);
    let Some((_database, url, _directory)) = old(engine, 1, ROWS).await else { return };
    let store = Store::open(&url).await.unwrap();
    store.install_catalogue(&Catalogue::default_catalogue()).await.unwrap();
    let scope = Scope { account_id: AccountId(id(1)), actor: Actor::system("Lineside") };
    let seen = store.user(&scope, UserId(id(2)), DateTime::<Utc>::UNIX_EPOCH).await.unwrap().unwrap();
    assert_eq!(seen.assignments[0].change_id, None);
    assert!(seen.mails[0].about.is_empty() && seen.schedule.is_empty());
    let seats = store.seats(&scope).await.unwrap();
    assert_eq!((seats[0].bought, seats[0].used, seats[0].bound.len()), (5, 1, 0));
    let filter = JournalFilter { user_id: Some(UserId(id(2))), ..JournalFilter::default() };
    assert_eq!(store.journal(&scope, &filter).await.unwrap().total, 1);
    let owner = TokenOwner::User { scope: scope.clone(), id: UserId(id(2)) };
    assert_eq!(store.api_tokens(&owner).await.unwrap()[0].name, "Payroll");
    store.close().await;
    Store::open(&url).await.unwrap().close().await;
}

#[rstest]
#[tokio::test]
async fn lamp_keys_that_are_set_already_are_found_by_their_colleagues(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let device = format!(
        r#"{ROWS} INSERT INTO device (id, account_id, version, model, title_key, locked, provisioning_token,
            provisioning_hash, lamp_keys, created_at)
        VALUES (ID3, ID1, 1, 'yealink-t54w', '', FALSE, HASH, HASH, '["{}","{}"]', 1);"#,
        id(2),
        id(6)
    );
    let Some((_database, url, _directory)) = old(engine, 31, &device).await else { return };
    let store = Store::open(&url).await.unwrap();
    let keys = "SELECT colleague, device_id FROM lamp_key ORDER BY colleague";
    let found: Vec<(String, Uuid)> = store.reader().await.unwrap().rows(keys, Vec::new()).await.unwrap();
    assert_eq!(found, [2, 6].map(|number| (id(number).to_string(), id(3))));
    store.close().await;
}

#[rstest]
#[tokio::test]
async fn calls_keep_their_messages_in_new_tables(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let calls = format!(
        "{ROWS} INSERT INTO call (account_id, id, started_at, direction, outcome, ended, ladder, messages) VALUES
            (ID1, ID2, 1, 'inbound', 'missed', '{{}}', '', HASH), (ID1, ID3, 2, 'inbound', 'missed', '{{}}', '[]', NULL);"
    );
    let Some((_database, url, _directory)) = old(engine, 40, &calls).await else { return };
    let store = Store::open(&url).await.unwrap();
    let ladders = "SELECT call_id, messages FROM call_ladder";
    let found: Vec<(Uuid, Vec<u8>)> = store.reader().await.unwrap().rows(ladders, Vec::new()).await.unwrap();
    assert_eq!(found, [(id(2), vec![0xab])]);
    let calls = "SELECT id, started_at, ladder FROM call ORDER BY started_at";
    let found: Vec<(Uuid, i64, String)> = store.reader().await.unwrap().rows(calls, Vec::new()).await.unwrap();
    assert_eq!(found, [(id(2), 1, String::new()), (id(3), 2, "[]".to_owned())]);
    store.close().await;
}
