//! The hosts of listings, each with a number.

use std::collections::HashMap;

use crate::Full;
use types::UserId;

/// Hosts, and which of them are superhosts.
#[derive(Debug, Default)]
pub struct Hosts {
    numbers: HashMap<UserId, u32>,
    /// By number.
    superhosts: Vec<bool>,
}

impl Hosts {
    /// The number of a host; a new one is no superhost.
    pub fn number(&mut self, host: UserId) -> Result<u32, Full> {
        if let Some(number) = self.numbers.get(&host) {
            return Ok(*number);
        }
        let number = u32::try_from(self.superhosts.len()).map_err(|_| Full)?;
        self.numbers.insert(host, number);
        self.superhosts.push(false);
        Ok(number)
    }

    /// Whether somebody is a host.
    pub fn contains(&self, person: UserId) -> bool {
        self.numbers.contains_key(&person)
    }

    /// Notes whether a host is a superhost. Others are not noted.
    pub fn set_superhost(&mut self, host: UserId, is_superhost: bool) {
        if let Some(number) = self.numbers.get(&host) {
            self.superhosts[*number as usize] = is_superhost;
        }
    }

    /// Whether the host with a number is a superhost.
    pub fn is_superhost(&self, number: u32) -> bool {
        self.superhosts.get(number as usize).copied().unwrap_or(false)
    }

    /// About its memory.
    pub fn bytes(&self) -> usize {
        self.numbers.capacity() * (size_of::<(UserId, u32)>() + 1) + self.superhosts.capacity()
    }
}
