//! Phone numbers of the account's inventory.

pub mod add;
pub mod assign;
pub mod free;
pub mod list;
pub mod port;

use lineside_model::id::NumberId;
use lineside_model::list::NumberFilter;
use lineside_model::phone_number::E164;
use utoipa_axum::routes;

use crate::apply::Ask;
use crate::problem::Problem;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_numbers)),
        Route::change(routes!(add::add_numbers)),
        Route::new(Access::Administrator, routes!(list::show_number)),
        Route::change(routes!(assign::assign_number)),
        Route::change(routes!(assign::unassign_number)),
        Route::change(routes!(port::move_port)),
        Route::change(routes!(port::complete_port)),
        Route::new(Access::Administrator, routes!(free::list_free_numbers)),
    ]
}

/// The account's number with these digits.
pub(crate) async fn find_number(ask: &Ask, number: &E164) -> Result<Option<NumberId>, Problem> {
    let filter = NumberFilter { search: number.digits().to_owned(), page: 1, ..NumberFilter::default() };
    let page = ask.service.numbers(&ask.caller, &filter).await?;
    Ok(page.rows.iter().find(|row| row.number.number == *number).map(|row| row.number.id))
}
