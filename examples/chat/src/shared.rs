//! What several servers share, in Redis: a stream of messages for each room, a lease for each name, and who is in which room where.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncConnectionConfig, Client, Cmd, RedisResult, cmd, pipe};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backlog::{Request, Requests};
use crate::draft::{Content, Draft};
use crate::hall::Hall;
use crate::hall_shared::People;
use crate::names::{Nick, RoomName};

/// What a line to the broker is made with.
#[derive(Clone, Debug)]
pub struct Options {
    pub url: String,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long a server may be silent until its people count as gone.
    pub lease: Duration,
    /// Messages that each room keeps.
    pub keep: usize,
}

/// How long the broker may take to answer, and how long a request for news waits.
const PATIENCE: Duration = Duration::from_secs(2);
const BLOCK: Duration = Duration::from_secs(1);
/// Entries that are read at once.
const BATCH: usize = 500;
/// How long to wait before the next attempt to reach the broker: more from one to the next.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LAST_DELAY: Duration = Duration::from_secs(2);
/// How long the identifier of a message is known: a client that sends it again is told its number.
const REMEMBERED: u64 = 24 * 3600;

/// Gives a message the next number of its room, unless it has one: so it can be asked for again.
const SAY: &str = "
local had = redis.call('GET', KEYS[4])
if had then return {0, tonumber(had)} end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local n = 1
if last[1] then n = tonumber(string.match(last[1][1], '^%d+')) + 1 end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], string.format('%d-0', n), unpack(ARGV, 4))
redis.call('SET', KEYS[4], n, 'EX', ARGV[3])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'room', ARGV[1])
return {1, n}";

/// Takes a name that is free, or that the same token has; another server with this name is told.
const GREET: &str = "
local held = redis.call('GET', KEYS[1])
if held then
  local token, server = string.match(held, '^(%S+) (%S+)$')
  if token ~= ARGV[1] then return 0 end
  if server ~= ARGV[2] then redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'name', ARGV[4], 'from', server) end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1";

/// Gives a name back, if it is still this server's.
const RELEASE: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] .. ' ' .. ARGV[2] then redis.call('DEL', KEYS[1]) end
return 1";

/// Carries on between the hall and the broker for ever; `ready` is told once the hall knows what all others know.
///
/// # Errors
///
/// The broker can't be reached at the beginning. Later, it is waited for.
pub async fn run(
    options: Options,
    hall: Rc<RefCell<Hall>>,
    requests: Rc<Requests>,
    ready: oneshot::Sender<()>,
) -> Result<(), String> {
    let client = Client::open(options.url.as_str()).map_err(|error| format!("no broker: {error}"))?;
    let address = client.get_connection_info().addr().to_string();
    let server = hall.borrow().log().to_owned(); // nobody else has made up the same
    let mut ready = Some(ready);
    let mut delay = FIRST_DELAY;
    let mut line = Line { options, hall, requests, server, servers: BTreeSet::new() };
    loop {
        let error = match line.open(&client, ready.is_some()).await {
            Ok((connection, reader, news)) => {
                match ready.take() {
                    Some(ready) => drop(ready.send(())),
                    None => eprintln!("chat: the broker at {address} is back"),
                }
                delay = FIRST_DELAY;
                let Err(error) = line.serve(connection, reader, news).await else { return Ok(()) };
                eprintln!("chat: the broker at {address} is away: {error}; what is said waits");
                line.hall
                    .borrow()
                    .tell_all("The servers can't reach their memory: what you write waits until they can.");
                error
            }
            Err(error) => error,
        };
        if ready.is_some() {
            return Err(format!("expected a broker at {address}, found none: {error}"));
        }
        sleep(delay).await;
        delay = LAST_DELAY.min(delay * 2);
    }
}

struct Line {
    options: Options,
    hall: Rc<RefCell<Hall>>,
    requests: Rc<Requests>,
    /// The name of this server among all.
    server: String,
    /// The other servers whose people are known.
    servers: BTreeSet<String>,
}

impl Line {
    /// Connects, and learns what there is; and where news begins that is not known then.
    async fn open(
        &mut self,
        client: &Client,
        first: bool,
    ) -> RedisResult<(MultiplexedConnection, MultiplexedConnection, String)> {
        let config = |patience| {
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(patience))
        };
        let mut connection = client.get_multiplexed_async_connection_with_config(&config(PATIENCE)).await?;
        let reader = client.get_multiplexed_async_connection_with_config(&config(PATIENCE + BLOCK)).await?;
        let log = self.key("log");
        let () = pipe().cmd("SET").arg(&log).arg(&self.server).arg("NX").ignore().query_async(&mut connection).await?;
        let log: String = cmd("GET").arg(&log).query_async(&mut connection).await?;
        let mut last = cmd("XREVRANGE");
        last.arg(self.key("news")).arg("+").arg("-").arg("COUNT").arg(1);
        let last: StreamRangeReply = last.query_async(&mut connection).await?;
        self.hall.borrow_mut().set_log(log, first);
        self.fetch_all(&mut connection).await?;
        self.hold(&mut connection).await?;
        Ok((connection, reader, last.ids.first().map_or("0-0".into(), |entry| entry.id.clone())))
    }

    /// Serves until the broker fails.
    async fn serve(
        &mut self,
        mut connection: MultiplexedConnection,
        reader: MultiplexedConnection,
        mut news: String,
    ) -> RedisResult<()> {
        let requests = Rc::clone(&self.requests);
        let mut reading = Box::pin(read(reader.clone(), self.key("news"), news.clone()));
        let mut due = Instant::now() + self.options.lease / 3;
        loop {
            tokio::select! {
                request = requests.first() => {
                    self.ask(&mut connection, &request).await?;
                    requests.done();
                }
                () = requests.people.notified() => {
                    self.tell_people(&mut connection).await?;
                    let mut told = cmd("XADD");
                    told.arg(self.key("news")).arg("MAXLEN").arg("~").arg(10_000).arg("*").arg("server").arg(&self.server);
                    let _: String = told.query_async(&mut connection).await?;
                }
                found = &mut reading => {
                    let found = found?;
                    if let Some(last) = found.last() {
                        news.clone_from(&last.id);
                    }
                    self.learn(&mut connection, &found).await?;
                    reading = Box::pin(read(reader.clone(), self.key("news"), news.clone()));
                }
                () = sleep_until(due) => {
                    self.hold(&mut connection).await?;
                    due = Instant::now() + self.options.lease / 3;
                }
            }
        }
    }

    /// Has a request carried out. Asked for again, since the answer was lost, it does nothing a second time.
    async fn ask(&self, connection: &mut MultiplexedConnection, request: &Request) -> RedisResult<()> {
        match request {
            Request::Greet { guest, nick, token } => {
                let mut script = self.script(GREET, &[self.name_key(nick), self.key("news")]);
                script.arg(token).arg(&self.server).arg(self.lease()).arg(nick.folded());
                let free: bool = script.query_async(connection).await?;
                self.hall.borrow_mut().greeted(*guest, nick, token, free);
            }
            Request::Release { nick, token } if !self.hall.borrow().holds(nick, token) => {
                let mut script = self.script(RELEASE, &[self.name_key(nick)]);
                let _: i64 = script.arg(token).arg(&self.server).query_async(connection).await?;
            }
            Request::Release { .. } => {}
            Request::Say { guest, draft } => {
                let id = format!("{}id:{}:{}", self.options.prefix, draft.room, draft.id);
                let keys = [self.room_key(&draft.room), self.key("news"), self.key("rooms"), id];
                let mut script = self.script(SAY, &keys);
                script.arg(draft.room.as_str()).arg(self.options.keep).arg(REMEMBERED);
                write(draft, &mut script);
                let (new, n): (bool, u64) = script.query_async(connection).await?;
                if !new {
                    self.hall.borrow_mut().had(*guest, draft, n);
                }
            }
        }
        Ok(())
    }

    /// Learns what the news is about.
    async fn learn(&mut self, connection: &mut MultiplexedConnection, news: &[StreamId]) -> RedisResult<()> {
        if news.len() >= BATCH {
            // Some of it may have been trimmed before it was read.
            return self.fetch_all(connection).await;
        }
        let rooms: BTreeSet<String> = news.iter().filter_map(|entry| entry.get("room")).collect();
        for room in rooms.iter().filter_map(|room| RoomName::new(room).ok()) {
            self.fetch(connection, &room).await?;
        }
        if news.iter().filter_map(|entry| entry.get::<String>("server")).any(|server| server != self.server) {
            self.fetch_people(connection).await?;
        }
        for entry in news.iter().filter(|entry| entry.get::<String>("from").as_ref() == Some(&self.server)) {
            let Some(folded) = entry.get::<String>("name") else { continue };
            let held: Option<String> =
                cmd("GET").arg(format!("{}name:{folded}", self.options.prefix)).query_async(connection).await?;
            if !held.is_some_and(|held| held.ends_with(&format!(" {}", self.server))) {
                self.hall.borrow_mut().moved(&folded);
            }
        }
        Ok(())
    }

    async fn fetch_all(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let rooms: Vec<String> = cmd("SMEMBERS").arg(self.key("rooms")).query_async(connection).await?;
        for room in rooms.iter().filter_map(|room| RoomName::new(room).ok()) {
            self.fetch(connection, &room).await?;
        }
        self.fetch_people(connection).await
    }

    /// Fetches the messages of a room that are not known yet.
    async fn fetch(&self, connection: &mut MultiplexedConnection, room: &RoomName) -> RedisResult<()> {
        let key = self.room_key(room);
        loop {
            let next = self.hall.borrow().room(room).map_or(1, |room| room.log.next());
            let mut request = cmd("XRANGE");
            request.arg(&key).arg(format!("{next}-0")).arg("+").arg("COUNT").arg(BATCH);
            let found: StreamRangeReply = request.query_async(connection).await?;
            let Some(last) = found.ids.last().and_then(number) else { return Ok(()) };
            for entry in &found.ids {
                if let (Some(n), Some(draft)) = (number(entry), draft(room, entry)) {
                    self.hall.borrow_mut().receive(n, &draft);
                }
            }
            let (first, next) =
                self.hall.borrow().room(room).map_or((1, 1), |room| (room.log.first(), room.log.next()));
            // What servers don't keep for its size, the broker needn't keep either.
            let _: u64 = cmd("XTRIM").arg(&key).arg("MINID").arg(format!("{first}-0")).query_async(connection).await?;
            if next <= last {
                // The last of them can't be read.
                return Ok(());
            }
        }
    }

    /// Learns who is where at other servers; those whose lease is over have nobody.
    async fn fetch_people(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let servers: BTreeSet<String> = cmd("SMEMBERS").arg(self.key("servers")).query_async(connection).await?;
        for server in servers.union(&self.servers).filter(|server| **server != self.server) {
            let people: Option<String> = cmd("GET").arg(self.people_key(server)).query_async(connection).await?;
            if people.is_none() {
                let _: u64 = cmd("SREM").arg(self.key("servers")).arg(server).query_async(connection).await?;
            }
            let people: People = people.and_then(|people| serde_json::from_str(&people).ok()).unwrap_or_default();
            self.hall.borrow_mut().set_people(server, people);
        }
        self.servers = servers;
        Ok(())
    }

    async fn tell_people(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let people = serde_json::to_string(&self.hall.borrow().people()).unwrap_or_default();
        let mut told = pipe();
        told.cmd("SET").arg(self.people_key(&self.server)).arg(people).arg("PX").arg(self.lease()).ignore();
        told.cmd("SADD").arg(self.key("servers")).arg(&self.server).ignore();
        told.query_async(connection).await
    }

    /// Keeps the leases, and looks after those of the others.
    async fn hold(&mut self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        self.tell_people(connection).await?;
        let mut held = pipe();
        for (nick, token) in self.hall.borrow().names() {
            let key = self.name_key(&nick);
            held.cmd("SET")
                .arg(&key)
                .arg(format!("{token} {}", self.server))
                .arg("NX")
                .arg("PX")
                .arg(self.lease())
                .ignore();
            held.cmd("PEXPIRE").arg(&key).arg(self.lease()).ignore();
        }
        if !held.is_empty() {
            let () = held.query_async(connection).await?;
        }
        self.fetch_people(connection).await
    }

    fn script(&self, text: &str, keys: &[String]) -> Cmd {
        let mut script = cmd("EVAL");
        script.arg(text).arg(keys.len()).arg(keys);
        script
    }

    fn lease(&self) -> u64 {
        u64::try_from(self.options.lease.as_millis()).unwrap_or(u64::MAX)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.options.prefix)
    }

    fn room_key(&self, room: &RoomName) -> String {
        format!("{}room:{room}", self.options.prefix)
    }

    fn name_key(&self, nick: &Nick) -> String {
        format!("{}name:{}", self.options.prefix, nick.folded())
    }

    fn people_key(&self, server: &str) -> String {
        format!("{}people:{server}", self.options.prefix)
    }
}

/// Waits a while for news after an entry.
async fn read(mut reader: MultiplexedConnection, key: String, after: String) -> RedisResult<Vec<StreamId>> {
    let mut request = cmd("XREAD");
    request.arg("COUNT").arg(BATCH).arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).unwrap_or(1000));
    let found: Option<StreamReadReply> = request.arg("STREAMS").arg(key).arg(after).query_async(&mut reader).await?;
    Ok(found.into_iter().flat_map(|found| found.keys).flat_map(|key| key.ids).collect())
}

/// The number of a message, which its entry has in the place of a time.
fn number(entry: &StreamId) -> Option<u64> {
    entry.id.split('-').next()?.parse().ok()
}

/// Writes a message as the fields of an entry.
fn write(draft: &Draft, script: &mut Cmd) {
    script.arg("id").arg(&draft.id).arg("nick").arg(&draft.nick).arg("at").arg(draft.at);
    match &draft.content {
        Content::Text(text) => script.arg("text").arg(text),
        Content::Picture { kind, alt, bytes } => {
            script.arg("kind").arg(kind).arg("alt").arg(alt).arg("picture").arg(bytes.as_slice())
        }
    };
}

/// The message in an entry; none if something else has written there.
fn draft(room: &RoomName, entry: &StreamId) -> Option<Draft> {
    let content = match entry.get("text") {
        Some(text) => Content::Text(text),
        None => Content::Picture { kind: entry.get("kind")?, alt: entry.get("alt")?, bytes: entry.get("picture")? },
    };
    let (id, nick, at) = (entry.get("id")?, entry.get("nick")?, entry.get("at")?);
    Some(Draft { room: room.clone(), id, nick, at, content })
}
