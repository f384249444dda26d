//! Every board that comes with Ringpost, and the exact words about boards that cannot be.
#![expect(clippy::unwrap_used, reason = "helpers of tests state what they expect")]

use std::{fs, path::Path};

use ringpost_boards::{Catalog, Level};
use tempfile::TempDir;

#[test]
fn every_file_of_the_data_folder_is_embedded_and_can_be_used() {
    let embedded = Catalog::embedded().unwrap();
    let mut on_disk = embedded.clone();
    on_disk.extend_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap();
    assert_eq!(on_disk, embedded);
    let names: Vec<_> = embedded.iter().map(|board| board.name.as_str()).collect();
    let expected = [
        "adafruit-fona",
        "generic-usb",
        "seeed-lara-r2-hat",
        "simulator",
        "sixfab-base-hat",
        "sixfab-cellular-iot-app",
        "sixfab-cellular-iot-hat",
        "sixfab-gprs-shield",
        "waveshare-sim7070-hat",
        "waveshare-sim7600x-hat",
        "waveshare-sim800c-hat",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_board_says_how_its_modem_is_wired() {
    let catalog = Catalog::embedded().unwrap();
    let hat = catalog.get("waveshare-sim7600x-hat").unwrap();
    let usb = hat.usb.as_ref().unwrap();
    assert_eq!((usb.id.to_string().as_str(), usb.at, usb.audio), ("1e0e:9001", 2, Some(4)));
    let pwrkey = hat.lines.pwrkey.as_ref().unwrap();
    assert_eq!((pwrkey.line, pwrkey.active), (6, Level::High));
    assert!(pwrkey.chips.contains(&"pinctrl-rp1".to_owned()));
    assert!(catalog.get("no-such-board").is_none());
}

#[test]
fn a_site_adds_boards_and_replaces_ours() {
    let folder = TempDir::new().unwrap();
    write(&folder, "attic.toml", "name = 'attic'\ndescription = 'Ours'\n");
    write(&folder, "simulator.toml", "name = 'simulator'\ndescription = 'Theirs'\n");
    write(&folder, "notes.txt", "not a board");
    let mut catalog = Catalog::embedded().unwrap();
    catalog.extend_from(folder.path()).unwrap();
    assert_eq!(catalog.iter().count(), Catalog::embedded().unwrap().iter().count() + 1);
    assert_eq!(catalog.get("attic").unwrap().description, "Ours");
    assert_eq!(catalog.get("simulator").unwrap().description, "Theirs");
    let before = catalog.clone();
    catalog.extend_from(Path::new("/nonexistent/boards")).unwrap();
    assert_eq!(catalog, before);
}

#[test]
fn a_board_that_cannot_be_is_refused_with_its_file_line_and_name() {
    let pin = "chips = ['c']\nline = 4\nactive = 'high'\n";
    let with = |rest: &str| format!("name = 'b'\ndescription = ''\n{rest}");
    for (text, expected) in [
        ("name = 'b'".to_owned(), "1: board \"b\": missing field `description`"),
        (
            with("colour = 'red'"),
            "3: board \"b\": unknown field `colour`, expected one of \
            `name`, `description`, `family`, `uart`, `usb`, `lines`, `notes`",
        ),
        (
            with("\n[usb]\nid = '1E0E:9001'\nat = 2"),
            "5: board \"b\": a USB id is two numbers of \
            four lower-case hex digits, such as \"1e0e:9001\"",
        ),
        (
            with("[usb]\nid = '1e0e:9001'\nat = 256"),
            "5: board \"b\": invalid value: integer \
            `256`, expected u8",
        ),
        (
            with("[lines.pwrkey]\nchips = ['c']\nline = 4\nactive = 'up'"),
            "6: board \"b\": \
            unknown variant `up`, expected `low` or `high`",
        ),
        (
            with("[lines.power]"),
            "3: board \"b\": unknown field `power`, expected one of \
            `pwrkey`, `reset`, `status`, `supply_off`, `flight_mode`",
        ),
        (
            with("[lines.reset]\nchips = []\nline = 4\nactive = 'low'"),
            "3: board \"b\": reset \
            names no chip; give the label of one in chips",
        ),
        (
            with(&format!("[lines.pwrkey]\n{pin}[lines.status]\n{pin}")),
            "7: board \"b\": status \
            uses line 4, which pwrkey uses already",
        ),
        (
            "name = 'a'\ndescription = ''".to_owned(),
            "1: board \"b\": the name is \"a\", but the \
            file is named b.toml",
        ),
        (
            "name = ".to_owned(),
            "1: board \"b\": string values must be quoted, expected literal \
            string",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        write(&folder, "b.toml", &text);
        let mut catalog = Catalog::embedded().unwrap();
        let error = catalog.extend_from(folder.path()).unwrap_err().to_string();
        assert_eq!(error, format!("{}/b.toml:{expected}", folder.path().display()), "{text}");
        assert_eq!(catalog, Catalog::embedded().unwrap(), "the catalog is as it was");
    }
}

#[test]
fn one_pin_may_serve_two_lines_on_chips_that_never_meet() {
    let folder = TempDir::new().unwrap();
    let line = |role, chip| format!("[lines.{role}]\nchips=['{chip}']\nline=4\nactive='low'\n");
    let lines = line("pwrkey", "a") + &line("reset", "b");
    write(&folder, "b.toml", &format!("name = 'b'\ndescription = ''\n{lines}"));
    Catalog::embedded().unwrap().extend_from(folder.path()).unwrap();
}

fn write(folder: &TempDir, file: &str, text: &str) {
    fs::write(folder.path().join(file), text).unwrap();
}
