//! The broker: a stream of Redis, a snapshot of what its trimmed part has led to, and a lease for each hub.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, cmd, pipe};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::{Place, Record, Replica};

/// What a line to the broker is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Such as `redis://127.0.0.1:6379/`.
    pub url: String,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long a hub may be silent until its peers count as gone.
    pub lease: Duration,
    /// The name of this hub among all.
    pub hub: String,
}

/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a request for records waits for one.
const BLOCK: Duration = Duration::from_secs(1);
/// Records that are added, or read, at once.
const BATCH: usize = 256;
/// Records, and bytes of them, after which a snapshot is made.
const SNAPSHOT_EVERY: usize = 2000;
const SNAPSHOT_BYTES: usize = 16 << 20;
/// How long to wait before the next attempt to reach the broker: more from one to the next.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LAST_DELAY: Duration = Duration::from_secs(2);

/// A newer snapshot is not replaced by an older one, and the stream keeps what comes after the snapshot.
const SNAPSHOT: &str = "
local old = redis.call('HGET', KEYS[1], 'at')
if old and old >= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'place', ARGV[2], 'state', ARGV[3])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4])
return 1";

/// Carries records between a hub and the broker for ever. `ready` is told once the hub knows what all others know.
///
/// # Errors
///
/// The broker can't be reached at the beginning. Later, it is waited for.
pub async fn run<R: Replica>(
    options: Options,
    mut records: mpsc::Receiver<Record>,
    replica: Rc<R>,
    ready: oneshot::Sender<()>,
) -> Result<(), String> {
    let client = Client::open(options.url.as_str()).map_err(|error| format!("no broker: {error}"))?;
    let address = client.get_connection_info().addr().to_string();
    let mut ready = Some(ready);
    let mut position = None;
    let mut delay = FIRST_DELAY;
    loop {
        let link = Link::open(&client, &options, position, &*replica).await;
        let error = match link {
            Ok(mut link) => {
                replica.found();
                match ready.take() {
                    Some(ready) => drop(ready.send(())),
                    None => eprintln!("hub: the broker at {address} is back"),
                }
                delay = FIRST_DELAY;
                let error = link.serve(&options, &mut records, &*replica).await;
                position = Some(link.position);
                replica.lost();
                eprintln!("hub: the broker at {address} is away: {error}; peers of this hub go on among themselves");
                error
            }
            Err(error) => error,
        };
        if ready.is_some() {
            return Err(format!("expected a broker at {address}, found none: {error}"));
        }
        // What was not added yet was refused when the broker was lost.
        while records.try_recv().is_ok() {}
        sleep(delay).await;
        delay = LAST_DELAY.min(delay * 2);
    }
}

/// Two connections to the broker: one that adds records, one that waits for them.
struct Link {
    writer: MultiplexedConnection,
    reader: MultiplexedConnection,
    stream: String,
    snapshot: String,
    position: Place,
    since: Instant,
}

impl Link {
    /// Connects, and applies what has happened since `position`.
    async fn open(
        client: &Client,
        options: &Options,
        position: Option<Place>,
        replica: &impl Replica,
    ) -> RedisResult<Self> {
        let config = |patience| {
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(patience))
        };
        let writer = client.get_multiplexed_async_connection_with_config(&config(PATIENCE)).await?;
        let reader = client.get_multiplexed_async_connection_with_config(&config(PATIENCE + BLOCK)).await?;
        let (stream, snapshot) = (format!("{}log", options.prefix), format!("{}snapshot", options.prefix));
        let mut link = Self { writer, reader, stream, snapshot, position: Place::default(), since: Instant::now() };
        link.renew(options).await?;
        match position {
            Some(position) if knows(&mut link.writer, &link.stream, position).await? => link.position = position,
            Some(_) => {
                eprintln!("hub: the broker has forgotten what this hub has seen last: its peers have to join again");
                link.restore(replica).await?;
            }
            None => link.restore(replica).await?,
        }
        while link.catch_up(replica).await? > 0 {}
        Ok(link)
    }

    /// Begins with the snapshot, and with the records before it that may still be asked for.
    async fn restore(&mut self, replica: &impl Replica) -> RedisResult<()> {
        let (place, state): (Option<String>, Option<String>) =
            cmd("HMGET").arg(&self.snapshot).arg("place").arg("state").query_async(&mut self.writer).await?;
        replica.restore(state.as_deref());
        self.position = Place::default();
        let Some(place) = place.and_then(|place| place.parse().ok()) else { return Ok(()) };
        let mut from = "-".to_owned();
        loop {
            let request = cmd("XRANGE")
                .arg(&self.stream)
                .arg(&from)
                .arg(Place::to_string(&place))
                .arg("COUNT")
                .arg(BATCH)
                .to_owned();
            let found: StreamRangeReply = request.query_async(&mut self.writer).await?;
            let Some(last) = found.ids.last() else { break };
            from = format!("({}", last.id);
            for entry in found.ids {
                if let Some((place, record)) = read(entry) {
                    replica.recall(place, record);
                }
            }
        }
        self.position = place;
        Ok(())
    }

    /// Applies what is there already; how much it was.
    async fn catch_up(&mut self, replica: &impl Replica) -> RedisResult<usize> {
        let from = format!("({}", self.position);
        let request = cmd("XRANGE").arg(&self.stream).arg(from).arg("+").arg("COUNT").arg(BATCH).to_owned();
        let found: StreamRangeReply = request.query_async(&mut self.writer).await?;
        let count = found.ids.len();
        for entry in found.ids {
            take(entry, &mut self.position, replica);
        }
        Ok(count)
    }

    async fn renew(&mut self, options: &Options) -> RedisResult<()> {
        let lease = u64::try_from(options.lease.as_millis()).unwrap_or(u64::MAX);
        cmd("SET").arg(lease_of(options, &options.hub)).arg(1).arg("PX").arg(lease).query_async(&mut self.writer).await
    }

    /// Serves until the broker fails, and says why it did.
    async fn serve(
        &mut self,
        options: &Options,
        records: &mut mpsc::Receiver<Record>,
        replica: &impl Replica,
    ) -> RedisError {
        let Self { writer, reader, stream, snapshot, position, since } = self;
        let mut lessee = writer.clone();
        let mut keeper = writer.clone();
        let failed = tokio::select! {
            failed = write(writer, stream, records) => failed,
            failed = follow(reader, &mut keeper, (stream, snapshot), position, replica) => failed,
            failed = hold(&mut lessee, options, *since, replica) => failed,
        };
        failed.err().unwrap_or_else(|| RedisError::from((ErrorKind::Io, "the line was closed")))
    }
}

/// Adds records, several at once. What `redis` returns for each is not needed: the records come back.
async fn write(
    writer: &mut MultiplexedConnection,
    stream: &str,
    records: &mut mpsc::Receiver<Record>,
) -> RedisResult<()> {
    let mut batch = Vec::new();
    while records.recv_many(&mut batch, BATCH).await > 0 {
        let mut pipeline = pipe();
        for Record { text, attachments } in batch.drain(..) {
            let command = pipeline.cmd("XADD").arg(stream).arg("*").arg("text").arg(text);
            for (number, bytes) in attachments.iter().enumerate() {
                command.arg(number).arg(&bytes[..]);
            }
            command.ignore();
        }
        let () = pipeline.query_async(writer).await?;
    }
    Ok(())
}

/// Applies records as they come, and makes a snapshot now and then.
async fn follow(
    reader: &mut MultiplexedConnection,
    keeper: &mut MultiplexedConnection,
    (stream, snapshot): (&str, &str),
    position: &mut Place,
    replica: &impl Replica,
) -> RedisResult<()> {
    let (mut count, mut bytes) = (0, 0);
    loop {
        let mut request = cmd("XREAD");
        request.arg("COUNT").arg(BATCH).arg("BLOCK").arg(u64::try_from(BLOCK.as_millis()).unwrap_or(1000));
        request.arg("STREAMS").arg(stream).arg(position.to_string());
        let (found, from): (Option<StreamReadReply>, Place) = (request.query_async(reader).await?, *position);
        let many = found.iter().flat_map(|found| &found.keys).any(|key| key.ids.len() >= BATCH);
        if many && !knows(keeper, stream, from).await? {
            return Err(RedisError::from((ErrorKind::Client, "this hub was too slow for the stream")));
        }
        for entry in found.into_iter().flat_map(|found| found.keys).flat_map(|key| key.ids) {
            count += 1;
            bytes += take(entry, position, replica);
        }
        if count > SNAPSHOT_EVERY || bytes > SNAPSHOT_BYTES {
            (count, bytes) = (0, 0);
            let oldest = replica.oldest().map_or(*position, |oldest| oldest.min(*position));
            let mut script = cmd("EVAL");
            script.arg(SNAPSHOT).arg(2).arg(snapshot).arg(stream);
            script.arg(position.padded()).arg(position.to_string()).arg(replica.snapshot()).arg(oldest.to_string());
            let () = script.query_async(keeper).await?;
        }
    }
}

/// Keeps the lease of this hub, and looks after those of the others.
async fn hold(
    lessee: &mut MultiplexedConnection,
    options: &Options,
    since: Instant,
    replica: &impl Replica,
) -> RedisResult<()> {
    let lease = u64::try_from(options.lease.as_millis()).unwrap_or(u64::MAX);
    loop {
        let () =
            cmd("SET").arg(lease_of(options, &options.hub)).arg(1).arg("PX").arg(lease).query_async(lessee).await?;
        replica.tick();
        let others = replica.others();
        // When the broker comes back, no hub could renew its lease for a while.
        if !others.is_empty() && since.elapsed() > options.lease {
            let mut pipeline = pipe();
            for hub in &others {
                pipeline.cmd("EXISTS").arg(lease_of(options, hub));
            }
            let held: Vec<bool> = pipeline.query_async(lessee).await?;
            for (hub, held) in others.iter().zip(held) {
                if !held {
                    replica.gone(hub);
                }
            }
        }
        sleep(options.lease / 3).await;
    }
}

/// Whether the stream still holds the record at this place, and so all after it.
async fn knows(connection: &mut MultiplexedConnection, stream: &str, place: Place) -> RedisResult<bool> {
    let mut request = cmd("XRANGE");
    request.arg(stream);
    if place == Place::default() {
        // Nothing was seen yet: then nothing may have been trimmed.
        let first: StreamRangeReply = request.arg("-").arg("+").arg("COUNT").arg(1).query_async(connection).await?;
        return Ok(first.ids.is_empty());
    }
    let found: StreamRangeReply = request.arg(place.to_string()).arg(place.to_string()).query_async(connection).await?;
    Ok(!found.ids.is_empty())
}

fn lease_of(options: &Options, hub: &str) -> String {
    format!("{}lease:{hub}", options.prefix)
}

/// Applies an entry of the stream; how many bytes it took.
fn take(entry: StreamId, position: &mut Place, replica: &impl Replica) -> usize {
    if let Ok(place) = entry.id.parse() {
        *position = place;
    }
    let Some((place, record)) = read(entry) else { return 0 };
    let len = record.text.len() + record.attachments.iter().map(Bytes::len).sum::<usize>();
    replica.apply(place, record);
    len
}

/// The record in an entry of the stream; none if something else has written there.
fn read(entry: StreamId) -> Option<(Place, Record)> {
    let place = entry.id.parse().ok()?;
    let text = entry.get("text")?;
    let attachments =
        (0..).map_while(|number: usize| entry.get::<Vec<u8>>(&number.to_string())).map(Bytes::from).collect();
    Some((place, Record { text, attachments }))
}
