//! Text messages between users (RFC 3428): to every phone of a colleague; the sender is told the best of their answers.

use std::collections::HashMap;

use lineside_model::{directory::DirectoryUser, extension::Extension};
use lineside_sip::{
    Endpoint, Event, HeaderName, Message, Method, Refusal, Request, Response, TransactionKey, message::quote_display,
};

use crate::{
    clock::Now,
    directory::{Directory, FoundLine},
    registrar::{Registrar, may_register},
    route::dialled,
};

/// RFC 3428 section 8: more does not go as a message.
const LONGEST: usize = 1_300;

/// Those that are on their way.
#[derive(Default)]
pub(crate) struct Messages {
    sent: HashMap<TransactionKey, u64>,
    open: HashMap<u64, Open>,
    last: u64,
}

struct Open {
    key: TransactionKey,
    request: Message,
    left: usize,
    status: u16,
}

/// What messages are sent by.
pub(crate) struct Post<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) registrar: &'a Registrar,
    pub(crate) directory: &'a Directory,
    pub(crate) now: Now,
}

impl Messages {
    /// A MESSAGE from a line that proved who it is.
    pub(crate) fn send(
        &mut self,
        post: &mut Post<'_>,
        key: TransactionKey,
        request: &Message,
        found: &FoundLine,
    ) -> Result<(), Refusal> {
        if !may_register(found) {
            return Err(Refusal::status(403));
        }
        if request.body().len() > LONGEST {
            return Err(Refusal::status(413));
        }
        let account = found.user.account_id;
        let to = Extension::parse(dialled(&request.uri()).as_str())
            .ok()
            .and_then(|extension| post.directory.extension(account, &extension))
            .filter(|to| to.voice)
            .ok_or_else(|| Refusal::status(404))?;
        let contacts: Vec<_> = to
            .lines
            .iter()
            .flat_map(|line| post.registrar.contacts(line.line_id))
            .filter_map(|contact| Some((contact.contact.clone(), contact.flow?)))
            .collect();
        if contacts.is_empty() {
            return Err(Refusal::status(480));
        }
        self.last += 1;
        let left = contacts.len();
        for (contact, flow) in contacts {
            let tag = post.endpoint.token();
            let from = format!("{};tag={tag}", name_address(&found.user));
            let copy = Request::initial(Method::Message, contact, from, name_address(&to), tag, 1)
                .copy(request, HeaderName::ContentType)
                .raw_body(request.body_bytes());
            self.sent.insert(post.endpoint.request(post.now.instant, flow, &copy), self.last);
        }
        self.open.insert(self.last, Open { key, request: request.clone(), left, status: 480 });
        Ok(())
    }

    /// Takes what belongs to a message; gives everything else back.
    pub(crate) fn event(&mut self, endpoint: &mut Endpoint, now: Now, event: Event) -> Option<Event> {
        let (key, status) = match &event {
            Event::Response { key, response, .. } => (*key, response.status()),
            Event::Failed { key, .. } => (*key, 480),
            _ => return Some(event),
        };
        let Some(id) = self.sent.get(&key).copied() else { return Some(event) };
        if status < 200 {
            return None;
        }
        self.sent.remove(&key);
        let open = self.open.get_mut(&id)?;
        open.left -= 1;
        open.status = open.status.min(status);
        if open.left == 0
            && let Some(open) = self.open.remove(&id)
        {
            // One phone that took it is enough; what the others say concerns nobody.
            let status = if open.status < 300 { 200 } else { 480 };
            endpoint.respond(now.instant, open.key, Response::new(&open.request, status));
        }
        None
    }
}

fn name_address(user: &DirectoryUser) -> String {
    let extension = user.extension.as_ref().map_or_else(|| "anonymous".to_owned(), ToString::to_string);
    format!("{} <sip:{extension}@{}>", quote_display(&user.display_name), user.sip_domain)
}
