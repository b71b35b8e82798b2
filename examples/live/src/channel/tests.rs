use super::*;

/// What a viewer gets, by the first byte of each message; text is `t`.
fn heard(channel: &Channel, cursor: &mut Cursor) -> String {
    let mut heard = String::new();
    while let Some(message) = channel.next(cursor) {
        let frame = message.frame(websocket_proto_axum::PreparedForm::Plain);
        heard.push(if frame[0] == 0x81 { 't' } else { char::from(frame[2]) });
    }
    heard
}

fn push(channel: &Channel, kinds: &str, now: Instant) {
    for name in kinds.chars() {
        let kind = match name {
            'h' => Kind::Begin(Place::Header),
            'm' => Kind::Begin(Place::Metadata),
            'v' => Kind::Begin(Place::Video),
            'a' => Kind::Begin(Place::Audio),
            'K' => Kind::Key,
            _ => Kind::Delta,
        };
        let unit = Unit { bytes: name.to_string().into(), kind };
        channel.push(&unit, now, || Said::Begin { format: "flv", codecs: String::new() });
    }
}

#[test]
fn one_who_joins_late_begins_at_the_newest_key() {
    let (channel, now) = (Channel::default(), Instant::now());
    assert!(channel.begin() && !channel.begin(), "one source at a time");
    let mut first = Cursor::default();
    assert_eq!(heard(&channel, &mut first), "");
    push(&channel, "h", now);
    assert_eq!(heard(&channel, &mut first), "th");
    push(&channel, "mvaKdd", now);
    assert_eq!(heard(&channel, &mut first), "mvaKdd");
    push(&channel, "Kde", now);
    let mut late = Cursor::default();
    assert_eq!(heard(&channel, &mut late), "thmvaKde");
    push(&channel, "f", now);
    assert_eq!((heard(&channel, &mut first), heard(&channel, &mut late)), ("Kdef".into(), "f".into()));
    assert_eq!((first.skipped, late.skipped), (0, 0));
}

#[test]
fn one_who_is_too_slow_goes_on_at_a_key() {
    let (channel, now) = (Channel::default(), Instant::now());
    channel.begin();
    push(&channel, "hmvaKd", now);
    let (mut slow, mut quick) = (Cursor::default(), Cursor::default());
    assert_eq!(heard(&channel, &mut slow), "thmvaKd");
    heard(&channel, &mut quick);
    for second in 1..=10 {
        push(&channel, "Kdd", now + Duration::from_secs(second));
        assert_eq!(heard(&channel, &mut quick), "Kdd");
    }
    assert_eq!(heard(&channel, &mut slow), "mvaKdd");
    assert_eq!((slow.skipped, quick.skipped), (27, 0));
    assert!(channel.state().units.kept.len() <= 3 * 6, "no more is kept than somebody may use");
}

/// Each unit is framed once, when it comes.
#[test]
fn a_viewer_more_takes_no_memory_for_a_unit() {
    use websocket_proto_axum::endpoint::Endpoint;
    use websocket_proto_axum::{Config, Server};

    let (channel, now) = (Channel::default(), Instant::now());
    channel.begin();
    push(&channel, "hmva", now);
    let mut viewers: Vec<_> = (0..100)
        .map(|_| {
            (
                Cursor::default(),
                Endpoint::new(websocket_proto::Negotiated::elsewhere(), Server, &Config::default(), b"", now),
            )
        })
        .collect();
    let mut round = |units: &[Unit], counts: bool| {
        for unit in units {
            channel.push(unit, now, || Said::Viewers { count: 0 });
            let (calls, _) = testkit::counting::counted(|| {
                for (cursor, endpoint) in &mut viewers {
                    while let Some(message) = channel.next(cursor) {
                        endpoint.sender().send_prepared(&message).unwrap();
                    }
                    while !endpoint.output().is_empty() {
                        let written = endpoint.output_slices().map(<[u8]>::len).sum();
                        endpoint.written(written);
                    }
                }
            });
            assert!(calls == 0 || !counts, "{calls} allocations for a unit of 100 viewers");
        }
    };
    let unit = |kind| Unit { bytes: vec![0; 10_000], kind };
    round(&[unit(Kind::Key), unit(Kind::Delta)], false);
    round(&[unit(Kind::Key), unit(Kind::Delta), unit(Kind::Delta)], true);
}

#[test]
fn what_is_kept_is_bounded_for_a_stream_without_keys() {
    let (channel, now) = (Channel::default(), Instant::now());
    let unit = Unit { bytes: vec![0; 1024 * 1024], kind: Kind::Delta };
    for _ in 0..100 {
        channel.push(&unit, now, || Said::Viewers { count: 0 });
        assert!(channel.state().units.len <= MAX_KEPT_LEN);
    }
}

#[test]
fn the_end_is_told_once_and_a_new_source_begins_anew() {
    let (channel, now) = (Channel::default(), Instant::now());
    channel.begin();
    push(&channel, "hK", now);
    let mut cursor = Cursor::default();
    assert_eq!(heard(&channel, &mut cursor), "thK");
    channel.end();
    assert_eq!((heard(&channel, &mut cursor), heard(&channel, &mut cursor)), ("t".into(), "".into()));
    assert!(channel.begin());
    push(&channel, "hvK", now);
    assert_eq!(heard(&channel, &mut cursor), "thvK");
}

#[test]
fn the_last_comments_and_the_number_of_viewers_are_told() {
    let channel = Arc::new(Channel::default());
    let comment = |n: usize| Said::Comment { name: "Ann".into(), text: n.to_string() };
    (0..100).for_each(|n| channel.comment(&comment(n)));
    let mut cursor = Cursor::default();
    assert_eq!(heard(&channel, &mut cursor).len(), KEPT_COMMENTS);
    let seats = [channel.sit_down(), channel.sit_down()];
    channel.count();
    channel.count();
    assert_eq!((heard(&channel, &mut cursor), channel.viewers()), ("t".into(), 2));
    drop(seats);
    assert_eq!(channel.viewers(), 0);
}
