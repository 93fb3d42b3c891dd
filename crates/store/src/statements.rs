//! Every statement, prepared on both engines: what one of them does not understand fails here, not at a customer's.

use lineside_testkit::database::{Database, Engine};
use rstest::rstest;

use crate::condition::{Composed, Condition};
use crate::connection::{Connection, with_one};
use crate::list::ListKind;
use crate::value::Value;
use crate::{
    Store, account, api_token, binding, call, call_settings, catalogue, department, device, directory, e911, emergency,
    forwarding, greeting, greeting_archive, home, import, incident, journal, lamp_key, license, line, location, login,
    mail, operator_journal, operator_trunk, phone_number, purge, readiness, recording, rehearsal, resync, sample,
    sample_schedule, schedule, schedule_facts, schedule_list, schedule_upkeep, search, seat_day, seat_holder, seats,
    session, tally, test_call, trunk, user, user_list, user_view, voicemail,
};

const ALL: &[&[&str]] = &[
    account::STATEMENTS,
    api_token::STATEMENTS,
    binding::STATEMENTS,
    call::STATEMENTS,
    call_settings::STATEMENTS,
    catalogue::STATEMENTS,
    department::STATEMENTS,
    device::STATEMENTS,
    directory::STATEMENTS,
    e911::STATEMENTS,
    emergency::STATEMENTS,
    forwarding::STATEMENTS,
    greeting::STATEMENTS,
    greeting_archive::STATEMENTS,
    home::STATEMENTS,
    import::STATEMENTS,
    incident::STATEMENTS,
    journal::STATEMENTS,
    lamp_key::STATEMENTS,
    license::STATEMENTS,
    line::STATEMENTS,
    location::STATEMENTS,
    login::STATEMENTS,
    mail::STATEMENTS,
    operator_journal::STATEMENTS,
    operator_trunk::STATEMENTS,
    phone_number::STATEMENTS,
    purge::STATEMENTS,
    readiness::STATEMENTS,
    recording::STATEMENTS,
    resync::STATEMENTS,
    rehearsal::STATEMENTS,
    sample::STATEMENTS,
    sample_schedule::STATEMENTS,
    schedule::STATEMENTS,
    schedule_facts::STATEMENTS,
    schedule_list::STATEMENTS,
    schedule_upkeep::STATEMENTS,
    search::STATEMENTS,
    seat_day::STATEMENTS,
    seat_holder::STATEMENTS,
    seats::STATEMENTS,
    session::STATEMENTS,
    tally::STATEMENTS,
    test_call::STATEMENTS,
    trunk::STATEMENTS,
    user::STATEMENTS,
    user_list::STATEMENTS,
    user_view::STATEMENTS,
    voicemail::STATEMENTS,
];

const LISTS: &[&[Composed]] = &[
    &[account::COMPOSED],
    call::COMPOSED,
    &[device::COMPOSED],
    &[incident::COMPOSED],
    &[journal::COMPOSED],
    &[operator_journal::COMPOSED],
    &[phone_number::COMPOSED],
    &[schedule_list::COMPOSED],
    user_list::COMPOSED,
];

/// Each select with each clause and each order, and counted.
fn composed(list: &Composed) -> Vec<String> {
    let mut statements = Vec::new();
    for select in list.selects {
        let own = (1..20).take_while(|at| select.contains(&format!("${at}"))).count();
        let plain = Condition::new(vec![Value::Int(None); own]);
        let with_clauses = list.clauses.iter().map(|clause| {
            let mut condition = plain.clone();
            let several = (1..9).take_while(|at| clause.contains(&format!("?{at}"))).count();
            match (several, clause.contains('?')) {
                (0, false) => condition.and_plain(clause),
                (0, true) => condition.and(clause, Value::Int(None)),
                (2, _) => condition.and_each(clause, [const { Value::Int(None) }; 2]),
                _ => condition.and_each(clause, [const { Value::Int(None) }; 3]),
            }
            condition
        });
        for condition in with_clauses.chain([plain.clone()]) {
            statements.push(format!("SELECT count(*) FROM ({} LIMIT 3) counted", condition.all(select)));
            if !select.starts_with("SELECT n.id FROM") {
                statements.extend(list.orders.iter().map(|order| condition.page(select, order, 2)));
            }
        }
    }
    statements
}

/// With `(...)` as one and as several parameters. Of each the texts that it may have: a list is of identifiers, numbers or
/// texts, as its column is.
fn spelled_out(link: &Connection, sql: &str) -> Vec<Vec<String>> {
    match (sql.contains("VALUES (...)"), sql.contains("(...)")) {
        (true, _) => {
            let columns = sql.find('(').zip(sql.find(')')).map(|(from, to)| sql[from..to].matches(',').count() + 1);
            let width = columns.unwrap();
            [1, 3].map(|height| vec![link.with_rows(sql, width, height)]).to_vec()
        }
        (false, true) => {
            let at = 1 + (1..20).take_while(|at| sql.contains(&format!("${at}"))).count();
            let lists = [ListKind::Ids, ListKind::Ints, ListKind::Texts].map(|kind| link.with_list(sql, at, kind));
            vec![vec![with_one(sql, at)], lists.to_vec()]
        }
        (false, false) => vec![vec![sql.to_owned()]],
    }
}

#[tokio::test]
async fn every_index_of_sqlite_has_its_statistics() {
    const WITHOUT: &str = "
        SELECT i.name FROM sqlite_schema i WHERE i.type = 'index' AND i.tbl_name NOT LIKE '\\_sqlx%' ESCAPE '\\'
            AND i.tbl_name <> 'catalogue'
            AND NOT EXISTS (SELECT 1 FROM sqlite_stat1 s WHERE s.tbl = i.tbl_name AND s.idx = i.name)";
    let Some(database) = Database::fresh(Engine::Sqlite).await else { return };
    let store = Store::open(&database.url()).await.unwrap();
    let without: Vec<(String,)> = store.reader().await.unwrap().rows(WITHOUT, Vec::new()).await.unwrap();
    assert!(without.is_empty(), "write lines for these in sqlite_statistics.sql: {without:?}");
}

#[rstest]
#[tokio::test]
async fn every_statement_is_understood(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(database) = Database::fresh(engine).await else { return };
    let store = Store::open(&database.url()).await.unwrap();
    let mut failed = Vec::new();
    let link = store.writer().await.unwrap();
    let fixed = ALL.iter().flat_map(|statements| statements.iter());
    let fixed: Vec<Vec<String>> = fixed.flat_map(|sql| spelled_out(&link, sql)).collect();
    drop(link);
    let listed = LISTS.iter().flat_map(|lists| lists.iter()).flat_map(composed).map(|sql| vec![sql]);
    for texts in fixed.into_iter().chain(listed) {
        let mut errors = Vec::new();
        for sql in &texts {
            // A statement that fails spoils its transaction, so each has its own connection.
            let mut link = store.writer().await.unwrap();
            match link.prepare(sql.clone()).await {
                Ok(()) => break,
                Err(error) => errors.push(format!("{error}: {sql}")),
            }
        }
        if errors.len() == texts.len() {
            failed.extend(errors);
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
