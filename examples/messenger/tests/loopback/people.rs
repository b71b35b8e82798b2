//! Two people at the command line.

use std::fs;

use crate::programs::{Folder, hub, hub_at};

#[test]
fn two_people_talk_and_send_a_file_through_the_hub() {
    let (folder, (_hub, address)) = (Folder::new(), hub());
    let mut ann = folder.peer(&address, "ann", "bob", &[]);
    ann.write("Hello");
    let mut bob = folder.peer(&address, "bob", "ann", &["--stay"]);
    bob.expect("* road: through the hub (hub/hub)");
    bob.expect("ann: Hello");
    bob.write("Hello \u{1b}[31myourself");
    ann.expect("bob: Hello \u{fffd}[31myourself");

    let path = folder.0.join("numbers.bin");
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| ((n * 7) >> 3) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    ann.write(&format!("/send {}", path.display()));
    bob.expect("(200000 bytes, digest right)");
    assert!(fs::read(folder.0.join("bob/inbox/numbers.bin")).unwrap() == bytes);
    ann.expect("200000 bytes were sent since the start");
    assert!(ann.finish(), "everything was delivered, so the program ends");
}

#[test]
fn each_side_shows_the_fingerprint_that_the_other_side_has() {
    let (folder, (_hub, address)) = (Folder::new(), hub());
    let mut ann = folder.peer(&address, "ann", "bob", &["--stay"]);
    let mut bob = folder.peer(&address, "bob", "ann", &["--stay"]);
    let mine = |line: String| line.split("fingerprint ").nth(1).unwrap().to_owned();
    let (of_ann, of_bob) = (mine(ann.expect("you are ann")), mine(bob.expect("you are bob")));
    assert_eq!(mine(ann.expect("* bob is there")), of_bob);
    assert_eq!(mine(bob.expect("* ann is there")), of_ann);

    // From now on nobody else is bob.
    bob.kill();
    fs::remove_dir_all(folder.0.join("bob")).unwrap();
    ann.kill();
    let (_hub, address) = hub();
    let mut ann = folder.peer(&address, "ann", "bob", &["--stay"]);
    let mut other = folder.peer(&address, "bob", "ann", &["--stay"]);
    ann.write("a secret");
    assert!(ann.expect("* refused: expected the fingerprint").contains(&of_bob));
    other.expect("you are bob");
}

#[test]
fn the_hub_may_go_and_come_back() {
    let (folder, (mut hub, address)) = (Folder::new(), hub());
    let mut ann = folder.peer(&address, "ann", "bob", &[]);
    let mut bob = folder.peer(&address, "bob", "ann", &["--stay"]);
    bob.expect("* road:");
    hub.kill();
    ann.expect("* no hub");
    ann.write("are you there?");
    let _hub = hub_at(&address);
    bob.expect("ann: are you there?");
    assert!(ann.finish());
}
