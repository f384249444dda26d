//! What a pack is, and which are refused.

use std::io::BufWriter;

use super::*;

/// A WAV of somebody who says something.
fn record(file: &Path) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let samples: Vec<i16> = (0..4000).map(|at| if at % 16 < 8 { 9000 } else { -9000 }).collect();
    dsp::write_wav(BufWriter::new(fs::File::create(file).unwrap()), &samples).unwrap();
}

/// A pack with those clips, whose WAVs are all there.
fn pack(folder: &Path, names: &[&str], more: &str) {
    let mut manifest = format!(
        "voice = \"Ann\"\nlicence = \"CC0-1.0\"\nlocales = [\"en\", \"en-GB\"]\n{more}\n[clips]\n"
    );
    for name in names {
        manifest += &format!("{name} = {{ file = \"wav/{name}.wav\", says = \"it\" }}\n");
        record(&folder.join(format!("wav/{name}.wav")));
    }
    fs::write(folder.join(MANIFEST), manifest).unwrap();
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

#[test]
fn a_pack_is_brought_in_whole_and_replaces_its_elder() {
    let site = tempfile::tempdir().unwrap();
    let (source, packs) = (site.path().join("ann"), site.path().join("packs"));
    fs::create_dir(&source).unwrap();
    pack(&source, &[&DIGITS[..], &["A", "bye"]].concat(), "");
    let brought = import(&source, &packs).unwrap();
    assert_eq!(Pack::all(&packs), (brought.clone(), Vec::new()));
    let [ann] = brought.as_slice() else { panic!("{brought:?}") };
    assert_eq!((ann.name.as_str(), ann.manifest.voice.as_str()), ("ann", "Ann"));
    let (file, says) = ann.recording("en-GB", "bye").unwrap();
    assert_eq!((file, says), (packs.join("ann/bye.wav"), "it"));
    assert_eq!(ann.recording("de", "bye"), None);
    assert_eq!(ann.recording("en", "hello"), None);

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&packs.join("ann")), mode(&packs.join("ann/4.wav"))), (0o755, 0o644));

    pack(&source, &["bye"], "credit = \"Ann and others\"");
    let [younger] = import(&source, &packs).unwrap().try_into().unwrap();
    assert_eq!(younger.manifest.credit, "Ann and others");
    assert!(!packs.join("ann/4.wav").exists());
    // What is wrong leaves what is there.
    fs::write(source.join("wav/bye.wav"), "no WAV").unwrap();
    let cause = import(&source, &packs).unwrap_err();
    assert!(cause.contains("ann/wav/bye.wav: "), "{cause}");
    assert_eq!(Pack::all(&packs).0, [younger]);
}

#[test]
fn what_is_wrong_with_a_pack_is_told() {
    let site = tempfile::tempdir().unwrap();
    let wrong = |names: &[&str], more: &str| {
        let folder = site.path().join("ann");
        fs::create_dir_all(&folder).unwrap();
        pack(&folder, names, more);
        let (packs, problems) = Pack::all(site.path());
        assert_eq!(packs, []);
        let [problem] = problems.try_into().unwrap();
        problem
    };
    let says = wrong(&DIGITS[..8], "");
    assert!(says.ends_with("ann/pack.toml: it lacks the digits 89; it must have all ten, or none"));
    let says = wrong(&["hullo"], "");
    assert!(says.ends_with("\"hullo\" is neither a character of a code nor a phrase"), "{says}");
    let says = wrong(&["bye"], "colour = \"blue\"");
    assert!(says.contains("unknown field `colour`"), "{says}");

    let folder = site.path().join("ann");
    for (file, tag) in [("../ann/wav/bye.wav", "en"), ("gone.wav", "en"), ("wav/bye.wav", "!")] {
        let manifest = format!(
            "voice = \"\"\nlicence = \"\"\nlocales = [\"{tag}\"]\n\
             [clips]\nbye = {{ file = \"{file}\", says = \"\" }}\n"
        );
        fs::write(folder.join(MANIFEST), manifest).unwrap();
        let (packs, problems) = Pack::all(site.path());
        assert_eq!((packs.len(), problems.len()), (0, 1), "{file}");
    }
    let says = import(&site.path().join("ann/wav"), site.path()).unwrap_err();
    assert!(says.contains("asterisk-core-sounds-en-wav"), "{says}");
}

#[test]
fn a_voice_of_asterisks_is_a_pack_of_its_digits_and_letters() {
    let site = tempfile::tempdir().unwrap();
    let voice = site.path().join("sounds/it_IT_m_Carlo");
    for digit in DIGITS {
        record(&voice.join(format!("digits/{digit}.wav")));
    }
    record(&voice.join("letters/k.wav"));
    record(&voice.join("digits/hundred.wav"));
    for from in [site.path().join("sounds"), voice] {
        let [carlo] = import(&from, &site.path().join("packs")).unwrap().try_into().unwrap();
        assert_eq!(carlo.name, "asterisk-it");
        assert_eq!(carlo.manifest.licence, "CC-BY-3.0");
        assert_eq!(carlo.manifest.clips.len(), 11);
        let (file, says) = carlo.recording("it", "K").unwrap();
        assert_eq!((file, says), (site.path().join("packs/asterisk-it/K.wav"), "K"));
    }
}

/// The packages themselves, where they are installed.
#[test]
fn debians_recordings_are_packs() {
    let sounds = Path::new("/usr/share/asterisk/sounds");
    let found = asterisk::packs(sounds);
    if found.is_empty() {
        println!("skipped: there is no {}", sounds.display());
        return;
    }
    let site = tempfile::tempdir().unwrap();
    for pack in import(sounds, site.path()).unwrap() {
        assert!(pack.manifest.clips.len() >= 10 + 24, "{} {:?}", pack.name, pack.manifest.clips);
    }
}
