//! The API through its router, on both engines.

#![expect(clippy::unwrap_used, reason = "what a test's own helpers can't do fails the test")]

mod access;
mod call;
mod catalogue;
mod change;
mod client;
mod emergency;
mod greeting_archive;
mod mass_action;
mod me;
mod operator;
mod precondition;
mod reading;
mod repeat;
mod schedule;
mod sweep;
mod test_call;
mod together;
mod token;
mod trunk;
mod undo;
mod voicemail;

use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;

/// A house over an empty database, which lives as long as it is held. `None`: there is no server for this engine.
async fn house(engine: Engine) -> Option<(House, Database)> {
    let database = Database::fresh(engine).await?;
    let house = House::over(database.store.clone()).await.unwrap();
    Some((house, database))
}
