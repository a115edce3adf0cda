//! A mailbox that keeps every mail, and can be made to fail.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
};

use mail::{MailKey, MailTransport, Message, SendError, Sending};

/// All mails, in the order in which they arrived.
#[derive(Default)]
pub struct Mailbox(Mutex<State>);

#[derive(Default)]
struct State {
    faults: VecDeque<SendError>,
    mails: Vec<Message>,
}

impl Mailbox {
    /// The next mails fail in this way, one after the other.
    pub fn expect(&self, faults: impl IntoIterator<Item = SendError>) {
        self.state().faults.extend(faults);
    }

    /// Mails no longer fail.
    pub fn recover(&self) {
        self.state().faults.clear();
    }

    /// The mails to an email, the oldest first.
    pub fn to(&self, email: &str) -> Vec<Message> {
        self.state().mails.iter().filter(|mail| mail.to.as_str() == email).cloned().collect()
    }

    /// The last mail to an email.
    pub fn last_to(&self, email: &str) -> Message {
        self.to(email).pop().unwrap_or_else(|| panic!("no mail to {email}"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl MailTransport for Mailbox {
    fn name(&self) -> &'static str {
        "mailbox"
    }

    fn send<'a>(&'a self, message: &'a Message, _: &'a MailKey) -> Sending<'a> {
        let mut state = self.state();
        let outcome = match state.faults.pop_front() {
            Some(fault) => Err(fault),
            None => {
                state.mails.push(message.clone());
                Ok(())
            }
        };
        Box::pin(std::future::ready(outcome))
    }
}

/// The code in the link of a mail.
pub fn code_in(mail: &Message) -> String {
    let (_, code) = mail.text.split_once("?code=").unwrap_or_else(|| panic!("no link: {}", mail.text));
    code.split_whitespace().next().unwrap().to_owned()
}
