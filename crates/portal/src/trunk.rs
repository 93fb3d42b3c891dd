//! Trunks: an account's own ways out of the house and into it, and the operator's, on the same pages.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::directory::Transport;
use lineside_model::field::FieldErrors;
use lineside_model::id::TrunkId;
use lineside_model::incident::Incident;
use lineside_model::operator_trunk::Served;
use lineside_model::trunk::{BY_NAME, CallerIdIn, NumberFormat, TRANSPORTS, Trunk, TrunkInput, TrunkSettings};

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/trunks", Access::Administrator, list),
        Route::get("/trunks/add", Access::Administrator, open_new),
        Route::post("/trunks/add", Access::Administrator, add),
        Route::get("/trunks/{id}", Access::Administrator, open),
        Route::post("/trunks/{id}", Access::Administrator, save),
        Route::get("/trunks/{id}/delete", Access::Administrator, delete),
        Route::get("/operator/trunks", Access::Operator, list),
        Route::get("/operator/trunks/add", Access::Operator, open_new),
        Route::post("/operator/trunks/add", Access::Operator, add),
        Route::get("/operator/trunks/{id}", Access::Operator, open),
        Route::post("/operator/trunks/{id}", Access::Operator, save),
        Route::get("/operator/trunks/{id}/delete", Access::Operator, delete),
    ]
}

/// Where the trunks lie of whoever looks.
fn home(visitor: &Visitor) -> &'static str {
    if visitor.caller.is_operator() { "/operator/trunks" } else { "/trunks" }
}

#[derive(Template)]
#[template(path = "trunk/list.html")]
struct ListPage {
    frame: Frame,
    home: &'static str,
    operator: bool,
    trunks: Vec<Trunk>,
    incidents: Vec<Incident>,
}

impl ListPage {
    /// What keeps a trunk from taking calls now.
    fn down(&self, trunk: &Trunk) -> Option<&Incident> {
        self.incidents.iter().find(|incident| incident.subject == trunk.id.0 && incident.goes_on())
    }
}

/// Whom the operator's is for.
fn accounts_of(trunk: &Trunk) -> String {
    match trunk.serves.as_ref().map(Served::in_form).unwrap_or_default() {
        numbers if numbers.is_empty() => "all accounts".to_owned(),
        numbers => numbers,
    }
}

#[derive(Template)]
#[template(path = "trunk/edit.html")]
struct EditPage {
    frame: Frame,
    home: &'static str,
    operator: bool,
    form: Form,
    /// `None`: a new one.
    trunk: Option<Trunk>,
    /// When it was down in the last 30 days.
    incidents: Vec<Incident>,
    transports: Vec<Choice>,
    formats: Vec<Choice>,
    caller_ids: Vec<Choice>,
}

impl EditPage {
    async fn new(visitor: &Visitor, trunk: Option<Trunk>, form: Form) -> Result<Self, crate::page_error::PageError> {
        let title = trunk.as_ref().map_or_else(|| "Add a trunk".to_owned(), |trunk| trunk.settings.name.to_string());
        let mut incidents = visitor.service.trunk_incidents(&visitor.caller).await?;
        incidents.retain(|incident| trunk.as_ref().is_some_and(|trunk| trunk.id.0 == incident.subject));
        Ok(Self {
            frame: visitor.frame(title).await?,
            home: home(visitor),
            operator: visitor.caller.is_operator(),
            form,
            trunk,
            incidents,
            transports: TRANSPORTS
                .iter()
                .map(|transport| Choice::new(transport.as_str(), transport.as_str()))
                .chain([Choice::new(BY_NAME, "As the carrier's DNS says")])
                .collect(),
            caller_ids: CallerIdIn::ALL.map(|choice| Choice::new(choice.as_str(), choice.label())).to_vec(),
            formats: NumberFormat::ALL.map(|format| Choice::new(format.as_str(), format.label())).to_vec(),
        })
    }
}

async fn list(visitor: Visitor) -> Answer {
    let trunks = visitor.service.trunks(&visitor.caller).await?;
    let incidents = visitor.service.trunk_incidents(&visitor.caller).await?;
    let (home, operator) = (home(&visitor), visitor.caller.is_operator());
    page::show(&ListPage { frame: visitor.frame("Trunks").await?, home, operator, trunks, incidents })
}

async fn open_new(visitor: Visitor) -> Answer {
    let input = TrunkInput {
        enabled: true,
        transport: Transport::Udp.as_str().to_owned(),
        number_format: NumberFormat::E164.as_str().to_owned(),
        ..TrunkInput::default()
    };
    let form = Form::new(visitor.service.new_change_id(), &input);
    page::show(&EditPage::new(&visitor, None, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let id = data.change_id()?;
    let form = match read(&visitor, &data) {
        Ok(input) => {
            let Read { input, settings, serves } = input;
            let password = visitor.service.seal_trunk_password(id.new_trunk_id(), &input.password);
            submit(&visitor, &data, Change::AddTrunk { settings, serves, password }).await?
        }
        Err(errors) => Err(Form::sent(&data).with_errors(errors)),
    };
    match form {
        Ok(answer) => Ok(answer),
        Err(form) => page::show_again(&EditPage::new(&visitor, None, form).await?),
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<TrunkId>) -> Answer {
    let trunk = visitor.service.trunk(&visitor.caller, id).await?;
    let form = Form::new(visitor.service.new_change_id(), &TrunkInput::from(&trunk.settings))
        .with("version", trunk.version.to_string())
        .with("accounts", trunk.serves.as_ref().map(Served::in_form).unwrap_or_default());
    page::show(&EditPage::new(&visitor, Some(trunk), form).await?)
}

async fn save(visitor: Visitor, RecordPath(trunk_id): RecordPath<TrunkId>, data: FormData) -> Answer {
    let trunk = visitor.service.trunk(&visitor.caller, trunk_id).await?;
    let form = match read(&visitor, &data) {
        Ok(Read { input, settings, serves }) => {
            let password = visitor.service.seal_trunk_password(trunk_id, &input.password);
            let version = data.version();
            submit(&visitor, &data, Change::EditTrunk { trunk_id, version, settings, serves, password }).await?
        }
        Err(errors) => Err(Form::sent(&data).with_errors(errors)),
    };
    match form {
        Ok(answer) => Ok(answer),
        Err(form) => page::show_again(&EditPage::new(&visitor, Some(trunk), form).await?),
    }
}

/// What the form said.
struct Read {
    input: TrunkInput,
    settings: Box<TrunkSettings>,
    /// Of an operator's.
    serves: Option<Served>,
}

fn read(visitor: &Visitor, data: &FormData) -> Result<Read, FieldErrors> {
    let input: TrunkInput = data.input().map_err(|error| FieldErrors::one("name", error))?;
    let mut errors = FieldErrors::default();
    let settings = input.parse().map_err(|wrong| errors = wrong).ok();
    let wanted = visitor.caller.is_operator().then(|| Served::parse(data.text("accounts")));
    let serves = wanted.and_then(|served| errors.take("accounts", served));
    Ok(Read { settings: Box::new(errors.into_result(settings)?), input, serves })
}

/// A password can't travel through a page of review, so the form's own page is the review.
async fn submit(
    visitor: &Visitor,
    data: &FormData,
    change: Change,
) -> Result<Result<axum::response::Response, Form>, crate::page_error::PageError> {
    let request = ChangeRequest { id: data.change_id()?, change };
    Ok(match review::apply(visitor, &request, &Ways::back_to(home(visitor))).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => Err(Form::sent(data).with_blockers(&plan)),
    })
}

async fn delete(visitor: Visitor, RecordPath(trunk_id): RecordPath<TrunkId>) -> Answer {
    visitor.service.trunk(&visitor.caller, trunk_id).await?;
    let home = home(&visitor);
    review::ask(&visitor, Change::DeleteTrunk { trunk_id }, &Ways::new(home, format!("{home}/{trunk_id}"))).await
}
