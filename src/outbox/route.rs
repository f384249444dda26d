//! Through which modem: pure functions of a snapshot of all modems.

use std::{cmp::Ordering, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::budget::{self, Used};
use crate::{
    domain::{Allowance, Channel, Detail, Lane, Money, Said, Service, Timestamp},
    modem::Voice,
    store::queue::Demand,
};

/// What a site says of a modem's part in sending.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Channels it may serve.
    pub channels: Vec<Channel>,
    /// Lanes it may serve.
    pub lanes: Vec<Lane>,
    /// Names that a sender may be besides the modem's own.
    pub pools: Vec<String>,
    /// Regions it may send to; `None` = all.
    pub regions: Option<Vec<String>>,
    /// Whether its SIM gets delivery reports.
    pub reports: bool,
    /// How much its SIM may send.
    pub allowance: Allowance,
    /// What a segment costs.
    pub prices: Prices,
    /// What a minute of a call costs.
    pub call_prices: Prices,
    /// Least time between two segments that are no passcodes.
    pub pace: Duration,
    /// Up to so much more, by chance.
    pub jitter: Duration,
}

impl Terms {
    /// Whether the site lets the modem send messages of `lane` to `region` by `channel`.
    pub fn serve(&self, channel: Channel, lane: Lane, region: &str) -> bool {
        let there = |regions: &Vec<String>| regions.iter().any(|it| it == region);
        self.channels.contains(&channel)
            && self.lanes.contains(&lane)
            && self.regions.as_ref().is_none_or(there)
    }

    /// Whether it rests between two segments.
    pub(super) const fn rests(&self) -> bool {
        !(self.pace.is_zero() && self.jitter.is_zero())
    }

    /// What its SIM may send of that lane. Nothing of the others may use up what a passcode would have to wait for.
    pub(super) fn allowance(&self, lane: Lane) -> Allowance {
        let keeps_some = lane != Lane::Otp && self.lanes.contains(&Lane::Otp);
        if keeps_some { self.allowance.without_reserve() } else { self.allowance }
    }

    /// What a segment, or a minute, costs, where that is known.
    pub(super) fn price(&self, channel: Channel, region: &str) -> Option<Money> {
        match channel {
            Channel::Sms => self.prices.of(region),
            Channel::Voice => self.call_prices.of(region),
        }
    }
}

/// What a segment, or a minute of a call, costs, by region.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    /// Where a price is known.
    pub by_region: Vec<(String, Money)>,
    /// Everywhere else.
    pub elsewhere: Option<Money>,
}

impl Prices {
    /// The price there, where it is known.
    pub fn of(&self, region: &str) -> Option<Money> {
        let listed = self.by_region.iter().find(|(listed, _)| listed == region);
        listed.map(|(_, price)| *price).or(self.elsewhere)
    }
}

/// What decides between modems that could all send a message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preferences {
    /// The cheapest first, even where it delivers less well.
    pub least_cost: bool,
    /// The SIM that the recipient heard from last first.
    pub sticky_sender: bool,
}

/// A modem and its SIM at one moment.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its place in the configuration.
    pub(super) index: usize,
    /// Its name.
    pub(super) name: String,
    /// Its SIM.
    pub(super) sim: String,
    /// What the site says of it.
    pub(super) terms: Arc<Terms>,
    /// Why it cannot be used, if it cannot.
    pub(super) down: Option<Detail>,
    /// Why texts are kept from it for a while: they failed again and again.
    pub(super) no_texts: Option<Detail>,
    /// Why calls are kept from it for a while.
    pub(super) no_calls: Option<Detail>,
    /// Whether it is up: what it has begun, it may end, even where it gets nothing new.
    pub(super) ready: bool,
    /// Whether it is up, and nothing is on its air.
    pub(super) idle: bool,
    /// Whether what is on its air takes longer than most do, and nobody knows how long yet.
    pub(super) slow: bool,
    /// The lane of the call that it is in.
    pub(super) in_call: Option<Lane>,
    /// What it goes on with as soon as it has answered.
    pub(super) expected: Option<Expected>,
    /// How it is heard in calls; `None` = it places none.
    pub(super) voice: Option<Voice>,
    /// Whether its link to the network can be held between segments.
    pub(super) holds_link: bool,
    /// Whether its SIM gets delivery reports, and it can tell of them.
    pub(super) reports: bool,
    /// Until when it rests between segments that are no passcodes.
    pub(super) rests_until: Option<Timestamp>,
    /// How long an unanswered segment may still be settled.
    pub(super) settle: Duration,
    /// The report window, where the operator set one.
    pub(super) report_window: Option<Duration>,
    /// What its SIM has sent.
    pub(super) used: Used,
    /// How well its SIM delivers, by region.
    pub(super) delivery: Vec<(String, Delivery)>,
}

impl Line {
    /// Why such messages are kept from it for a while.
    fn held_back(&self, wish: &Demand) -> Option<Detail> {
        match wish.service.channel() {
            Channel::Sms => self.no_texts,
            Channel::Voice => self.no_calls,
        }
    }
}

/// A segment that a modem will begin before it is claimed, unless it hears otherwise.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// Its lane.
    pub(super) lane: Lane,
    /// Something else will be claimed, or nothing.
    pub(super) unwanted: CancellationToken,
}

/// Reports on messages of the last days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Delivery {
    /// Messages that reports were asked for, and that have ended.
    pub(super) ended: u32,
    /// Those of them that arrived.
    pub(super) delivered: u32,
}

impl Delivery {
    /// Below this many, a rate says more about chance than about the SIM.
    const ENOUGH: u32 = 20;

    /// In steps of a tenth, so that a message more or less changes nothing. A SIM of which little is
    /// known counts as good: it has to be tried to be known.
    fn grade(self) -> u32 {
        if self.ended < Self::ENOUGH { 10 } else { self.delivered.saturating_mul(10) / self.ended }
    }
}

/// What one message adds to that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History<'h> {
    /// The SIM that failed it last.
    pub(super) failed: Option<&'h str>,
    /// The SIM that the recipient heard from last.
    pub(super) heard: Option<&'h str>,
}

/// Whether a modem that is heard in this way can do this, in that language where it is known. What somebody else has
/// worded is put into no modem that would keep it.
pub(super) fn can_serve(voice: Option<Voice>, service: Service, locale: Option<&str>) -> bool {
    match service {
        Service::Text => true,
        Service::Call { says, keys } => voice.is_some_and(|voice| {
            let leaves_none = says == Said::Code || !voice.sink.keeps();
            let speaks = locale.is_none_or(|tag| voice.sink.speaks(tag));
            leaves_none && speaks && (voice.keys || !keys)
        }),
    }
}

/// Whether one of these `lines` is for such a message, busy or not. A second copy from a SIM that is `shunned`, because it
/// may have sent the first, could only double that. What failed again and again is tried all the same for a passcode
/// that no other line could send soon.
pub(super) fn serves(line: &Line, lines: &[Line], wish: &Demand, shunned: &[String]) -> bool {
    let other = |line: &Line| !shunned.contains(&line.sim);
    let open = |line: &Line| other(line) && admits(line, wish).is_ok();
    let soon = |line: &Line| open(line) && !line.slow && line.in_call != Some(Lane::Otp);
    open(line) || other(line) && may_try(line, wish) && !lines.iter().any(soon)
}

/// Whether [`serves`] may say so, of some message and some lines.
pub(super) fn may_try(line: &Line, wish: &Demand) -> bool {
    let sends = if wish.lane == Lane::Otp { can_send(line, wish) } else { admits(line, wish) };
    sends.is_ok()
}

/// Whether `line` may send such messages, busy or not; else what keeps it from that.
fn admits(line: &Line, wish: &Demand) -> Result<(), Detail> {
    can_send(line, wish)?;
    line.held_back(wish).map_or(Ok(()), Err)
}

/// The same, however it has done of late.
fn can_send(line: &Line, wish: &Demand) -> Result<(), Detail> {
    let terms = &line.terms;
    let sender = wish.sender.as_ref();
    let meant = sender.is_none_or(|it| *it == line.name || terms.pools.contains(it));
    let channel = wish.service.channel();
    if !meant || !terms.serve(channel, wish.lane, &wish.region) {
        return Err(Detail::NoModem);
    }
    if let Some(detail) = line.down {
        return Err(detail);
    }
    // Its SIM may send none: to try is no use.
    if let Some(detail) = line.held_back(wish).filter(|it| it.bars_the_sim()) {
        return Err(detail);
    }
    if !can_serve(line.voice, wish.service, wish.locale.as_deref()) {
        return Err(Detail::VoiceNotSupported);
    }
    let price = terms.price(channel, &wish.region).unwrap_or_default();
    let admitted = budget::admits(&terms.allowance(wish.lane), line.used, price);
    if admitted { Ok(()) } else { Err(Detail::BudgetExceeded) }
}

/// Whether `line` can take a segment of that lane right now.
pub(super) fn is_free(line: &Line, lane: Lane, now: Timestamp) -> bool {
    line.idle && (lane == Lane::Otp || line.rests_until.is_none_or(|until| until <= now))
}

/// The best of these lines, all of which are for the message and free.
pub(super) fn best<'l>(
    lines: impl IntoIterator<Item = &'l Line>,
    wish: &Demand,
    history: History<'_>,
    preferences: Preferences,
) -> Option<&'l Line> {
    lines.into_iter().min_by(|a, b| compare(a, b, wish, history, preferences))
}

/// The better line is the smaller one.
fn compare(
    a: &Line,
    b: &Line,
    wish: &Demand,
    history: History<'_>,
    preferences: Preferences,
) -> Ordering {
    let is = |sim: Option<&str>, line: &Line| sim == Some(line.sim.as_str());
    // A SIM that just failed this message is the last to try it again.
    let failed = is(history.failed, a).cmp(&is(history.failed, b));
    let strange = |line| preferences.sticky_sender && !is(history.heard, line);
    let sticky = strange(a).cmp(&strange(b));
    let quality = grade(b, wish).cmp(&grade(a, wish));
    let channel = wish.service.channel();
    let price = |line: &Line| line.terms.price(channel, &wish.region).unwrap_or(Money::ZERO);
    let cost = price(a).cmp(&price(b));
    let load = a.used.hour.cmp(&b.used.hour);
    let first = a.index.cmp(&b.index);
    let value = if preferences.least_cost {
        cost.then(quality).then(load)
    } else {
        quality.then(load).then(cost)
    };
    failed.then(sticky).then(value).then(first)
}

fn grade(line: &Line, wish: &Demand) -> u32 {
    let known = line.delivery.iter().find(|(region, _)| *region == wish.region);
    known.map_or(Delivery::default(), |(_, delivery)| *delivery).grade()
}

/// The line whose call has to end, so that a code need not wait for it: the least urgent, where all that could
/// send the code soon are in calls; from SIMs that are `shunned` it must not go out.
pub(super) fn to_hang_up<'l>(
    lines: &'l [Line],
    wish: &Demand,
    shunned: &[String],
) -> Option<&'l Line> {
    let soon = |line: &&Line| serves(line, lines, wish, shunned) && !line.slow;
    let mut able = lines.iter().filter(soon).peekable();
    able.peek()?;
    let calls: Option<Vec<_>> = able.map(|line| line.in_call.map(|lane| (lane, line))).collect();
    let less_urgent = calls?.into_iter().filter(|(lane, _)| *lane > wish.lane);
    less_urgent.max_by_key(|(lane, _)| *lane).map(|(_, line)| line)
}

/// What keeps such a message from the air: the reason that is nearest to sending it, or nothing where a
/// line only has no time.
pub(super) fn obstacle(lines: &[Line], wish: &Demand) -> Option<Detail> {
    let mut obstacle = Some(Detail::NoModem);
    for line in lines {
        match admits(line, wish) {
            Ok(()) => return None,
            Err(Detail::NoModem) => {}
            Err(detail) => obstacle = Some(detail),
        }
    }
    obstacle
}

#[cfg(test)]
impl Line {
    /// A modem that sends everything everywhere, and places no calls.
    pub(super) fn sample(index: usize) -> Self {
        let channels = Channel::ALL.to_vec();
        let lanes = Lane::ALL.to_vec();
        Self {
            index,
            name: format!("m{index}"),
            sim: format!("sim{index}"),
            terms: Arc::new(Terms { channels, lanes, reports: true, ..Terms::default() }),
            down: None,
            no_texts: None,
            no_calls: None,
            ready: true,
            idle: true,
            slow: false,
            in_call: None,
            expected: None,
            voice: None,
            holds_link: false,
            reports: true,
            rests_until: None,
            settle: Duration::from_secs(240),
            report_window: None,
            used: Used::default(),
            delivery: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::Sink;

    fn line(index: usize) -> Line {
        let voice = Some(Voice { sink: Sink::SerialPcm, keys: true, tells_keys: false });
        Line { terms: Arc::new(terms()), voice, ..Line::sample(index) }
    }

    fn terms() -> Terms {
        Terms {
            channels: Channel::ALL.to_vec(),
            lanes: Lane::ALL.to_vec(),
            reports: true,
            ..Terms::default()
        }
    }

    fn with(index: usize, change: impl FnOnce(&mut Terms)) -> Line {
        let mut terms = terms();
        change(&mut terms);
        Line { terms: Arc::new(terms), ..line(index) }
    }

    fn wish(lane: Lane) -> Demand {
        Demand { lane, service: Service::Text, sender: None, region: "US".into(), locale: None }
    }

    fn through(sender: &str) -> Demand {
        Demand { sender: Some(sender.into()), ..wish(Lane::Otp) }
    }

    fn prices(us: &str, elsewhere: &str) -> Prices {
        Prices {
            by_region: vec![("US".into(), Money::parse(us).unwrap())],
            elsewhere: Money::parse(elsewhere),
        }
    }

    #[test]
    fn a_line_admits_what_its_site_gave_it() {
        let only_otp = with(1, |it| it.lanes = vec![Lane::Otp]);
        let pooled = with(1, |it| it.pools = vec!["eu".into()]);
        let abroad = with(1, |it| it.regions = Some(vec!["DE".into()]));
        let spent = Line {
            used: Used { day: 5, ..Used::default() },
            ..with(1, |it| {
                it.allowance.per_day = Some(5);
            })
        };
        let nearly = Line { used: Used { day: 4, ..Used::default() }, ..spent.clone() };
        let of_bulk = |it: &Line| {
            let terms = Terms { lanes: vec![Lane::Bulk], ..(*it.terms).clone() };
            Line { terms: Arc::new(terms), ..it.clone() }
        };
        let of_bulk = of_bulk(&nearly);
        let down = Line { down: Some(Detail::SimLocked), ..line(1) };
        let no_texts = Line { no_texts: Some(Detail::Barred), ..line(1) };
        let no_calls = Line { no_calls: Some(Detail::ModemFault), ..line(1) };
        let texts_only = with(1, |it| it.channels = vec![Channel::Sms]);
        let voice = |sink, keys| Some(Voice { sink, keys, tells_keys: false });
        let mute = Line { voice: None, ..line(1) };
        let deaf = Line { voice: voice(Sink::Speaks, false), ..line(1) };
        let keeping = Line { voice: voice(Sink::File, true), ..line(1) };
        let call = |says, keys| Demand { service: Service::Call { says, keys }, ..wish(Lane::Otp) };
        let spoken = |tag: &str| Demand { locale: Some(tag.into()), ..call(Said::Code, false) };
        let table = [
            (&line(1), call(Said::Code, true), Ok(())),
            (&texts_only, wish(Lane::Otp), Ok(())),
            (&texts_only, call(Said::Code, false), Err(Detail::NoModem)),
            (&mute, wish(Lane::Otp), Ok(())),
            (&mute, call(Said::Code, false), Err(Detail::VoiceNotSupported)),
            (&deaf, call(Said::Code, false), Ok(())),
            (&deaf, call(Said::Code, true), Err(Detail::VoiceNotSupported)),
            (&deaf, call(Said::Text, false), Ok(())),
            (&deaf, spoken("en-GB"), Ok(())),
            (&deaf, spoken("zh-Hans-CN"), Ok(())),
            (&deaf, spoken("de"), Err(Detail::VoiceNotSupported)),
            (&keeping, spoken("de"), Ok(())),
            (&keeping, call(Said::Code, true), Ok(())),
            (&keeping, call(Said::Text, false), Err(Detail::VoiceNotSupported)),
            (&line(1), call(Said::Text, true), Ok(())),
            (&no_texts, wish(Lane::Otp), Err(Detail::Barred)),
            (&no_texts, call(Said::Code, false), Ok(())),
            (&no_calls, wish(Lane::Otp), Ok(())),
            (&no_calls, call(Said::Code, false), Err(Detail::ModemFault)),
            (&line(1), wish(Lane::Bulk), Ok(())),
            (&only_otp, wish(Lane::Otp), Ok(())),
            (&only_otp, wish(Lane::Bulk), Err(Detail::NoModem)),
            (&line(1), through("m1"), Ok(())),
            (&line(1), through("m2"), Err(Detail::NoModem)),
            (&pooled, through("eu"), Ok(())),
            (&abroad, wish(Lane::Otp), Err(Detail::NoModem)),
            (&spent, wish(Lane::Otp), Err(Detail::BudgetExceeded)),
            (&nearly, wish(Lane::Otp), Ok(())),
            (&nearly, wish(Lane::Alert), Err(Detail::BudgetExceeded)),
            (&nearly, wish(Lane::Bulk), Err(Detail::BudgetExceeded)),
            (&of_bulk, wish(Lane::Bulk), Ok(())),
            (&down, wish(Lane::Otp), Err(Detail::SimLocked)),
        ];
        for (line, wish, expected) in table {
            assert_eq!(admits(line, &wish), expected, "{wish:?} by {line:?}");
        }
    }

    #[test]
    fn the_best_line_is_chosen_by_what_matters_most() {
        let busy = |index, hour| Line { used: Used { hour, ..Used::default() }, ..line(index) };
        let rated = |index, delivered| Line {
            delivery: vec![("US".into(), Delivery { ended: 100, delivered })],
            ..busy(index, 0)
        };
        let priced = |index, price| with(index, |it| it.prices = prices(price, "1"));
        let balanced = Preferences::default();
        let cheap = Preferences { least_cost: true, ..balanced };
        let sticky = Preferences { sticky_sender: true, ..balanced };
        let none = History::default();
        let failed = History { failed: Some("sim1"), ..none };
        let heard = History { heard: Some("sim2"), ..none };
        let table = [
            ("the first of equals", vec![line(2), line(1)], none, balanced, 1),
            ("least loaded", vec![busy(1, 9), busy(2, 3)], none, balanced, 2),
            ("best delivering", vec![rated(1, 60), busy(2, 9), rated(3, 80)], none, balanced, 2),
            ("a tenth is noise", vec![rated(1, 91), rated(2, 99)], none, balanced, 1),
            ("cheapest of equals", vec![priced(1, "0.2"), priced(2, "0.1")], none, balanced, 2),
            (
                "cheapest first",
                vec![priced(1, "0.2"), Line { used: busy(2, 9).used, ..priced(2, "0.1") }],
                none,
                cheap,
                2,
            ),
            ("not the one that failed", vec![line(1), busy(2, 9)], failed, balanced, 2),
            ("that one all the same, if it is alone", vec![line(1)], failed, balanced, 1),
            ("whom the recipient knows", vec![line(1), busy(2, 9)], heard, sticky, 2),
            ("only where it is wanted", vec![line(1), busy(2, 9)], heard, balanced, 1),
        ];
        for (what, lines, history, preferences, expected) in table {
            let best = best(&lines, &wish(Lane::Otp), history, preferences);
            assert_eq!(best.map(|line| line.index), Some(expected), "{what}");
        }
    }

    #[test]
    fn what_failed_again_and_again_is_for_passcodes_that_no_other_line_could_send() {
        let held = Line { no_texts: Some(Detail::NetworkBusy), ..line(1) };
        let busy = Line { idle: false, ..line(2) };
        let down = Line { down: Some(Detail::NotRegistered), ..line(3) };
        let german = with(4, |it| it.regions = Some(vec!["DE".into()]));
        let served = |lines: &[Line], wish: &Demand, shunned: &[&str]| {
            let shunned: Vec<_> = shunned.iter().map(|sim| (*sim).to_owned()).collect();
            let served = lines.iter().filter(|line| serves(line, lines, wish, &shunned));
            served.map(|line| line.index).collect::<Vec<_>>()
        };
        let (code, notice) = (wish(Lane::Otp), wish(Lane::Bulk));
        let both = [held.clone(), busy];
        assert_eq!(served(&both, &code, &[]), [2], "it waits for the one that does its part");
        assert_eq!(served(&both, &code, &["sim2"]), [1], "which may have sent it already");
        assert_eq!(served(&both, &code, &["sim1", "sim2"]), [0; 0]);
        assert_eq!(served(&both, &notice, &["sim2"]), [0; 0]);
        let slow = [held.clone(), Line { slow: true, ..both[1].clone() }];
        assert_eq!(served(&slow, &code, &[]), [1, 2], "that may take minutes");
        let alone = [held, down, german];
        assert_eq!(served(&alone, &code, &[]), [1]);
        assert_eq!(served(&alone, &notice, &[]), [0; 0]);
        let call = Demand { service: Service::Call { says: Said::Code, keys: false }, ..notice };
        assert_eq!(served(&alone, &call, &[]), [1], "calls go on");
        let barred = [Line { no_texts: Some(Detail::Barred), ..line(1) }];
        assert_eq!(served(&barred, &code, &[]), [0; 0], "to no end");
    }

    #[test]
    fn codes_do_not_wait_for_the_pace_of_a_line() {
        let at = |seconds: i64| Timestamp::from_unix_ms(seconds * 1000);
        let resting = Line { rests_until: Some(at(10)), ..line(1) };
        assert!(is_free(&resting, Lane::Otp, at(5)));
        assert!(!is_free(&resting, Lane::Bulk, at(5)));
        assert!(is_free(&resting, Lane::Bulk, at(10)));
        assert!(!is_free(&Line { idle: false, ..line(1) }, Lane::Otp, at(5)));
    }

    #[test]
    fn the_obstacle_is_the_one_nearest_to_sending() {
        let down = Line { down: Some(Detail::NotRegistered), ..line(1) };
        let other = with(2, |it| it.regions = Some(vec!["DE".into()]));
        assert_eq!(obstacle(&[], &wish(Lane::Otp)), Some(Detail::NoModem));
        assert_eq!(obstacle(std::slice::from_ref(&other), &wish(Lane::Otp)), Some(Detail::NoModem));
        assert_eq!(obstacle(&[down.clone(), other], &wish(Lane::Otp)), Some(Detail::NotRegistered));
        let congested = Line { no_texts: Some(Detail::NetworkBusy), ..line(4) };
        let obstacles = [down.clone(), congested];
        assert_eq!(obstacle(&obstacles, &wish(Lane::Bulk)), Some(Detail::NetworkBusy));
        let busy = Line { idle: false, ..line(3) };
        assert_eq!(obstacle(&[down, busy], &wish(Lane::Otp)), None);
    }

    #[test]
    fn a_call_is_hung_up_only_where_a_code_could_go_no_other_way() {
        let busy = |index, in_call| Line { idle: false, in_call, ..line(index) };
        let in_call = |index, lane| busy(index, Some(lane));
        let hung_up = |lines: &[Line], lane| to_hang_up(lines, &wish(lane), &[]).map(|it| it.index);
        let calls = [in_call(1, Lane::Alert), in_call(2, Lane::Bulk), in_call(3, Lane::Otp)];
        assert_eq!(hung_up(&calls, Lane::Otp), Some(2));
        assert_eq!(hung_up(&calls, Lane::Alert), Some(2));
        assert_eq!(hung_up(&calls, Lane::Bulk), None);
        assert_eq!(hung_up(&calls[..1], Lane::Alert), None, "it is no less urgent");
        assert_eq!(hung_up(&[calls[1].clone(), line(4)], Lane::Otp), None, "one is idle");
        let exchange = [calls[1].clone(), busy(4, None)];
        assert_eq!(hung_up(&exchange, Lane::Otp), None, "an exchange is soon over");
        let no_answer = [calls[1].clone(), Line { slow: true, ..busy(4, None) }];
        assert_eq!(hung_up(&no_answer, Lane::Otp), Some(2), "most are");
        // Its first copy may be on its way from the one that is idle.
        let one_is_idle = [calls[1].clone(), line(4)];
        let again = to_hang_up(&one_is_idle, &wish(Lane::Otp), &["sim4".to_owned()]);
        assert_eq!(again.map(|it| it.index), Some(2));
        let away = Line { down: Some(Detail::NotRegistered), ..line(4) };
        assert_eq!(hung_up(&[calls[1].clone(), away], Lane::Otp), Some(2));
        assert_eq!(hung_up(&[], Lane::Otp), None);
    }

    #[test]
    fn prices_are_by_region_or_for_everywhere_else() {
        let prices = prices("0.01", "0.5");
        assert_eq!(prices.of("US"), Money::parse("0.01"));
        assert_eq!(prices.of("DE"), Money::parse("0.5"));
        assert_eq!(Prices::default().of("US"), None);
    }
}
