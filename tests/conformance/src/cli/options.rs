//! What may stand after a command.

use std::time::Duration;

use wsspec::case::Limit;
use wsspec::exam::Context;
use wsspec::socket::SocketOptions;
use wsspec::suite::Deliveries;

/// Everything that was said.
pub(crate) struct Options {
    pub(crate) positional: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) only: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) agent: String,
    pub(crate) deliveries: Deliveries,
    pub(crate) socket: SocketOptions,
    pub(crate) context: Context,
    pub(crate) strict: bool,
    pub(crate) requirements: bool,
    pub(crate) verbose: bool,
    pub(crate) known: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) junit: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) autobahn: Option<String>,
    pub(crate) earlier: Vec<String>,
    pub(crate) cases: Option<String>,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self {
            positional: Vec::new(),
            command: Vec::new(),
            only: Vec::new(),
            exclude: Vec::new(),
            agent: "subject".to_owned(),
            deliveries: Deliveries { bytes: true, cuts: false, random: 0, seed: 0 },
            socket: SocketOptions { patience: Duration::from_millis(150), jobs: 8, slow: false, alarm: None },
            context: Context::default(),
            strict: false,
            requirements: false,
            verbose: false,
            known: None,
            json: None,
            junit: None,
            html: None,
            autobahn: None,
            earlier: Vec::new(),
            cases: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().ok_or_else(|| format!("expected a value after {word}"));
            match &**word {
                "--" => {
                    options.command = words.by_ref().cloned().collect();
                }
                "--only" => options.only.push(value()?),
                "--exclude" => options.exclude.push(value()?),
                "-a" | "--agent" => options.agent = value()?,
                "-j" | "--jobs" => options.socket.jobs = number(word, &value()?)?,
                "--seed" => options.deliveries.seed = number(word, &value()?)?,
                "--delivery" => options.deliver(&value()?)?,
                "--patience" => options.socket.patience = time(&value()?)?,
                "--slow" => options.socket.slow = true,
                "--alarm" => options.socket.alarm = Some(value()?),
                "--limit" => options.limit(&value()?)?,
                "--without" => match &*value()? {
                    "deflate" => options.context.without_deflate = true,
                    other => return Err(format!("expected --without deflate, found {other}")),
                },
                "--subprotocol" => options.context.subprotocol = Some(value()?),
                "--origin" => options.context.origin = Some(value()?),
                "--strict" => options.strict = true,
                "--requirements" => options.requirements = true,
                "-v" => options.verbose = true,
                "--known" => options.known = Some(value()?),
                "--json" => options.json = Some(value()?),
                "--junit" => options.junit = Some(value()?),
                "--html" => options.html = Some(value()?),
                "--earlier" => options.earlier.push(value()?),
                "--autobahn" => options.autobahn = Some(value()?),
                "--cases" => options.cases = Some(value()?),
                flag if flag.starts_with('-') => {
                    return Err(format!("expected an option of wsspec help, found {flag}"));
                }
                _ => options.positional.push(word.clone()),
            }
        }
        Ok(options)
    }

    fn deliver(&mut self, list: &str) -> Result<(), String> {
        self.deliveries.bytes = false;
        for word in list.split(',') {
            match (word, word.strip_prefix("random:")) {
                ("whole", _) => {}
                ("bytes", _) => self.deliveries.bytes = true,
                ("cuts", _) => self.deliveries.cuts = true,
                ("all", _) => (self.deliveries.bytes, self.deliveries.cuts) = (true, true),
                (_, Some(n)) => self.deliveries.random = number("random:", n)?,
                _ => return Err(format!("expected whole, bytes, cuts, all or random:N, found {word}")),
            }
        }
        Ok(())
    }

    fn limit(&mut self, text: &str) -> Result<(), String> {
        let expected = || format!("expected --limit NAME=BYTES, found {text}");
        let (name, value) = text.split_once('=').ok_or_else(expected)?;
        let limit = Limit::named(name).ok_or_else(expected)?;
        let (digits, unit) = match (value.strip_suffix("MiB"), value.strip_suffix("KiB")) {
            (Some(digits), _) => (digits, 1 << 20),
            (_, Some(digits)) => (digits, 1 << 10),
            _ => (value, 1),
        };
        self.context.limits.set(limit, unit * number::<u64>(text, digits)?);
        Ok(())
    }
}

fn number<N: std::str::FromStr>(what: &str, word: &str) -> Result<N, String> {
    word.parse().map_err(|_| format!("expected a number after {what}, found {word}"))
}

fn time(word: &str) -> Result<Duration, String> {
    let (digits, unit) = match (word.strip_suffix("ms"), word.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 1000),
        _ => (word, 1),
    };
    Ok(Duration::from_millis(unit * number::<u64>("--patience", digits)?))
}
