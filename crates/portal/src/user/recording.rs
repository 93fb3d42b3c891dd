//! Which calls of a user are recorded.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::list::UserDetail;
use lineside_model::recording::RecordingMode;

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
        Route::get("/users/{id}/recording", Access::Administrator, open),
        Route::post("/users/{id}/recording", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "user/recording.html")]
struct RecordingPage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    modes: Vec<Choice>,
}

impl RecordingPage {
    fn new(frame: Frame, user: UserDetail, form: Form) -> Self {
        let note = |mode| match mode {
            RecordingMode::Off => "nothing is recorded",
            RecordingMode::All => "from the answer to the end",
            RecordingMode::Inbound => "those that the user answers",
            RecordingMode::Outbound => "those that the user makes",
            RecordingMode::OnDemand => "started and stopped in the call; *2 pauses",
        };
        let choice = |mode: RecordingMode| Choice::new(mode.as_str(), mode.label()).note(note(mode));
        Self { frame, user, form, modes: RecordingMode::ALL.into_iter().map(choice).collect() }
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let mode = visitor.service.recording_mode(&visitor.caller, id).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("mode", mode.as_str());
    page::show(&RecordingPage::new(visitor.frame("Call recording").await?, user, form))
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let form = Form::sent(&data);
    let form = match RecordingMode::parse(data.text("mode")) {
        Some(mode) => {
            let change = Change::SetRecording { user_ids: vec![id], mode };
            let request = ChangeRequest { id: data.change_id()?, change };
            match review::attempt(&visitor, &request, &Ways::back_to(&format!("/users/{id}"))).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        None => form.with_errors(FieldErrors::one("mode", "choose which calls are recorded")),
    };
    page::show_again(&RecordingPage::new(visitor.frame("Call recording").await?, user, form))
}
