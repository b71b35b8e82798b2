//! All channels, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::channel::Channel;
use crate::publish::Publication;

/// As many channels there are at most.
const MAX_CHANNELS: usize = 64;

/// A channel's name: 1 to 32 small letters, digits and hyphens.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl FromStr for Name {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=32).contains(&name.len()) && name.bytes().all(fits)).then(|| Self(name.to_owned())).ok_or(())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The channels. One comes into being with its first source or viewer.
#[derive(Debug, Default)]
pub struct Hall {
    channels: Mutex<BTreeMap<Name, Arc<Channel>>>,
}

impl Hall {
    fn channels(&self) -> MutexGuard<'_, BTreeMap<Name, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channel; `None` if there is no room for another one.
    pub fn channel(&self, name: &Name) -> Option<Arc<Channel>> {
        let mut channels = self.channels();
        if let Some(channel) = channels.get(name) {
            return Some(Arc::clone(channel));
        }
        if channels.len() >= MAX_CHANNELS {
            // One that nobody uses any more makes room.
            channels.retain(|_, channel| channel.is_live() || channel.viewers() > 0 || Arc::strong_count(channel) > 1);
        }
        (channels.len() < MAX_CHANNELS).then(|| Arc::clone(channels.entry(name.clone()).or_default()))
    }

    /// Takes a channel for a source.
    pub fn publish(&self, name: &Name) -> Result<Publication, &'static str> {
        let channel = self.channel(name).ok_or("there are too many channels")?;
        Publication::begin(channel).ok_or("the channel has a source already")
    }

    /// Name, whether it is live, and how many are watching; of those of which one is true.
    pub fn list(&self) -> Vec<(String, bool, usize)> {
        let channels = self.channels();
        let list = channels.iter().map(|(name, channel)| (name.to_string(), channel.is_live(), channel.viewers()));
        list.filter(|(_, is_live, viewers)| *is_live || *viewers > 0).collect()
    }

    /// Does something with each channel.
    pub fn each(&self, act: impl Fn(&Channel)) {
        let channels: Vec<_> = self.channels().values().cloned().collect();
        channels.iter().for_each(|channel| act(channel));
    }
}
