-- Times are milliseconds since 1970-01-01 00:00 UTC. Words are those of the API.

-- In which run of the machine the database was used last, and what is known of its clock.
CREATE TABLE boot (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    boot_id TEXT NOT NULL,
    follows INTEGER NOT NULL CHECK (follows IN (0, 1)), -- our clock was that of the machine
    -- What was stored until the clock was set back last, by a clock that nobody believes any more.
    message INTEGER NOT NULL DEFAULT 0,
    event   INTEGER NOT NULL DEFAULT 0,
    tidied  INTEGER                      -- the time that deleting went by last
) STRICT;

CREATE TABLE token (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    secret_sha256 BLOB NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
    scopes        TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE message (
    key            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL, -- names the key: `domain::MessageId`
    transaction_id TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'delivered',
                       'undelivered', 'failed', 'expired', 'cancelled', 'unknown')),
    channel        TEXT NOT NULL CHECK (channel IN ('sms', 'voice')),
    purpose        TEXT NOT NULL,
    lane           INTEGER NOT NULL CHECK (lane IN (0, 1, 2)), -- 0 otp, 1 alert, 2 bulk
    recipient      TEXT NOT NULL,
    region         TEXT,
    service        INTEGER NOT NULL CHECK (service BETWEEN 0 AND 4), -- 0 text; calls: 1 code, 2 code with keys, 3 text, 4 text with keys
    encoding       TEXT CHECK (encoding IN ('GSM-7', 'UCS-2')), -- NULL: it is spoken
    segments       INTEGER NOT NULL CHECK (segments BETWEEN 1 AND 255),
    national       TEXT,                                       -- language of its shift tables
    locale         TEXT,                                       -- where Ringpost chose the language
    flash          INTEGER NOT NULL CHECK (flash IN (0, 1)),
    sender         TEXT,                                       -- only through this modem
    on_unknown     TEXT NOT NULL CHECK (on_unknown IN ('hold', 'resend')),
    awaited        INTEGER NOT NULL DEFAULT 0 CHECK (awaited IN (0, 1)), -- who asked waits for its outcome
    abandoned      INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)), -- who asked has gone
    counted        INTEGER DEFAULT 0 CHECK (counted IN (0, 1, 3, 5, 7)), -- by limits; 2 for a new number, 4 for a sender who tells. NULL: none of it went out
    fallback       TEXT CHECK (fallback IN ('sms', 'voice')),  -- what goes out where this fails
    fallback_of    TEXT,                                       -- id of the one that failed
    reference      TEXT,
    user           TEXT,
    actor_id       TEXT NOT NULL,
    actor_name     TEXT NOT NULL,
    client_ip      TEXT,
    user_agent     TEXT,
    created_at     INTEGER NOT NULL,
    not_before     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    reason         TEXT,
    sent_at        INTEGER,
    ended_at       INTEGER,
    feedback       TEXT CHECK (feedback IN ('verified', 'failed', 'expired')),
    send_logged    INTEGER NOT NULL DEFAULT 0 CHECK (send_logged IN (0, 1)),
    submits        INTEGER NOT NULL DEFAULT 0,                 -- segments that went out, or may have
    cost_micros    INTEGER,                                    -- of those whose price is known
    setup_ms       INTEGER,                                    -- of its last call
    ring_ms        INTEGER,
    talk_ms        INTEGER,                                    -- of all its calls
    claimable_at   INTEGER,                                    -- a new attempt may begin
    deadline_at    INTEGER,                                    -- look again at the latest
    -- No state without a deadline: only what has ended may wait for ever.
    CHECK (deadline_at IS NOT NULL OR state NOT IN ('queued', 'sending', 'sent'))
) STRICT;
CREATE INDEX message_awaited ON message (key) WHERE awaited = 1 AND deadline_at IS NOT NULL;
-- Messages that the same modems can send stand together, so that those which no modem can send now
-- are passed over at once.
CREATE INDEX message_claimable
    ON message (lane, service, ifnull(sender, ''), ifnull(region, ''), claimable_at, key)
    WHERE claimable_at IS NOT NULL;
-- Those that come into it as they are accepted are due at once: nothing waits for their time.
CREATE INDEX message_scheduled ON message (claimable_at)
    WHERE claimable_at IS NOT NULL AND claimable_at <> created_at;
CREATE INDEX message_deadline ON message (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX message_ended ON message (ended_at) WHERE ended_at IS NOT NULL;
-- What one number received, or may yet, in the order of keys, by the digits that delivery reports know it by. Limits ask
-- for more of it, but only of a few: each message writes this index, and what it does not hold is not written.
CREATE INDEX message_recipient ON message (substr(recipient, -7)) WHERE counted IS NOT NULL;

-- What the messages say, until no send can need it. A row keeps its size for as long as it lives, and rows
-- come in the order of their keys: so none is ever moved, which would leave a copy behind.
CREATE TABLE message_text (
    message INTEGER PRIMARY KEY REFERENCES message (key) ON DELETE CASCADE,
    erased  INTEGER NOT NULL CHECK (erased IN (0, 1)),
    text    BLOB NOT NULL -- UTF-8; zeros once it is erased
) STRICT;

-- What goes out by the other channel where a message fails; until then, or until none will be needed.
CREATE TABLE fallback (
    message    INTEGER PRIMARY KEY REFERENCES message (key) ON DELETE CASCADE,
    service    INTEGER NOT NULL CHECK (service BETWEEN 0 AND 4),
    encoding   TEXT CHECK (encoding IN ('GSM-7', 'UCS-2')),
    segments   INTEGER NOT NULL CHECK (segments BETWEEN 1 AND 255),
    national   TEXT,
    locale     TEXT,
    expires_at INTEGER NOT NULL,
    erased     INTEGER NOT NULL CHECK (erased IN (0, 1)),
    text       BLOB NOT NULL -- UTF-8; zeros once it is erased
) STRICT;

-- The SIMs that were ever sent through, by numbers that take less room in whatever is found by them.
CREATE TABLE sim (
    key INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE -- as the modem reads it
) STRICT;

-- Attempts, by their segments: one SIM, one concatenation reference, all segments. The key of an attempt is that of its
-- message, and behind it in the last 20 bits its number; a segment's is that of its attempt, and in the last 8 its place,
-- from 1 (`domain::SegmentId`): so all of a message stand together, and no index has to be written to find them.
CREATE TABLE segment (
    key              INTEGER PRIMARY KEY,
    attempt          INTEGER GENERATED ALWAYS AS (key >> 8),
    message          INTEGER GENERATED ALWAYS AS (key >> 28),
    sim              INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('pending', 'submitting', 'submitted', 'delivered',
                         'undelivered', 'no_report', 'refused', 'unanswered', 'dropped')),
    reference        INTEGER CHECK (reference BETWEEN 0 AND 255),
    submitting_at    INTEGER,
    submitted_at     INTEGER,
    reported_at      INTEGER,
    detail           TEXT,
    taken_at         INTEGER, -- by the clock of the service centre, as its last report says
    -- Of the whole attempt, in the row of its first segment, `attempt << 8 | 1`, and NULL in the others: a table of
    -- attempts would be one more page in each commit that begins one.
    modem            TEXT,
    concat_reference INTEGER CHECK (concat_reference BETWEEN 0 AND 255),
    reports          INTEGER CHECK (reports IN (0, 1)), -- are asked for
    settle_ms        INTEGER,
    report_deadline  INTEGER,
    CONSTRAINT attempt_in_first_segment CHECK (
        (modem IS NOT NULL) + (concat_reference IS NOT NULL) + (reports IS NOT NULL) + (settle_ms IS NOT NULL)
            + (report_deadline IS NOT NULL) = iif(key & 255 = 1, 5, 0))
) STRICT;
CREATE INDEX segment_pending ON segment (sim) WHERE state = 'pending';
-- What may still be heard of: an answer, or a delivery report. What has no reference stands together, whatever its SIM, so that a
-- start finds it at once. What has ended is found by its recipient: in this index, it would cost each segment a page of its own.
CREATE INDEX segment_waiting ON segment (reference, sim)
    WHERE state IN ('submitting', 'unanswered', 'submitted');

-- Texts as operators write them, in the place of those that come along.
CREATE TABLE template (
    key          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL UNIQUE,
    purpose      TEXT,          -- NULL: every one that has none of its own
    text         TEXT NOT NULL,
    translations TEXT NOT NULL, -- a JSON object: texts by BCP 47 tag
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- What users of the identity platform chose.
CREATE TABLE preference (
    user       TEXT PRIMARY KEY,
    locale     TEXT NOT NULL, -- BCP 47
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The blocklist and the allowlist: numbers, prefixes and regions.
CREATE TABLE listed (
    key        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    list       TEXT NOT NULL CHECK (list IN ('block', 'allow')),
    subject    TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('number', 'prefix', 'region')),
    listed_by  TEXT NOT NULL CHECK (listed_by IN ('operator', 'adjacent_numbers',
                   'low_conversion')),
    reason     TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    UNIQUE (subject, list, kind)
) STRICT;
CREATE INDEX listed_newest ON listed (list, key);
CREATE INDEX listed_expiry ON listed (expires_at) WHERE expires_at IS NOT NULL;

-- What was accepted, and what became of the codes, by whom it is counted for and by when the slot
-- of time began.
CREATE TABLE traffic (
    kind     INTEGER NOT NULL, -- 0 prefix, 1 neighbours, 2 region, 3 user, 4 token, 5 address, 6 sender
    subject  TEXT NOT NULL,
    slot     INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    told     INTEGER NOT NULL, -- those of senders who tell what becomes of their codes
    verified INTEGER NOT NULL,
    failed   INTEGER NOT NULL,
    expired  INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, slot)
) STRICT, WITHOUT ROWID;

-- Which accepted request made which message, by the key that it came with.
CREATE TABLE idempotency (
    token       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    message     TEXT,          -- id of the one it made
    refusal     TEXT,          -- or why it made none, where that is remembered
    transaction_id TEXT,       -- of the events of that refusal
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (token, key),
    CHECK ((message IS NULL) = (refusal IS NOT NULL)),
    CHECK ((refusal IS NULL) = (transaction_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Delivery reports that came before the answer to their own submit.
CREATE TABLE early_report (
    key         INTEGER PRIMARY KEY,
    sim         TEXT NOT NULL,
    reference   INTEGER NOT NULL CHECK (reference BETWEEN 0 AND 255),
    tail        TEXT NOT NULL, -- the recipient's last 7 digits
    result      TEXT NOT NULL CHECK (result IN ('delivered', 'pending', 'failed')),
    detail      TEXT,
    taken_at    INTEGER,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX early_report_match ON early_report (sim, tail);
CREATE INDEX early_report_age ON early_report (received_at);

-- What each SIM has sent, or may have, by hours of UTC since 1970: its budget.
CREATE TABLE sim_usage (
    sim         TEXT NOT NULL,
    hour        INTEGER NOT NULL,
    segments    INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    PRIMARY KEY (sim, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX sim_usage_hour ON sim_usage (hour);

-- How well each SIM delivers, by days of UTC since 1970: messages that reports were asked for.
CREATE TABLE sim_delivery (
    sim       TEXT NOT NULL,
    region    TEXT NOT NULL,
    day       INTEGER NOT NULL,
    ended     INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    PRIMARY KEY (sim, region, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX sim_delivery_day ON sim_delivery (day);

-- SIMs whose PIN was entered, until it is known to be right or a person says so.
CREATE TABLE sim_pin (
    sim        TEXT PRIMARY KEY,
    retries    INTEGER NOT NULL,                         -- entries left before the first
    wrong      INTEGER NOT NULL CHECK (wrong IN (0, 1)), -- not to be entered again
    entered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The System Log. `seq` is the order of commits, and the last event is never deleted, so that none is given
-- out twice; rows never change.
CREATE TABLE event (
    seq            INTEGER PRIMARY KEY,
    uuid           TEXT NOT NULL,
    published      INTEGER NOT NULL,
    peak           INTEGER NOT NULL, -- the latest `published` up to this row: it never falls
    event_type     TEXT NOT NULL,
    outcome        TEXT NOT NULL CHECK (outcome IN ('SUCCESS', 'FAILURE', 'DENY', 'ABANDONED',
                       'UNKNOWN')),
    reason         TEXT,
    transaction_id TEXT NOT NULL,
    message_id     TEXT,
    channel        TEXT,
    purpose        TEXT,
    recipient      TEXT,
    region         TEXT,
    actor_id       TEXT NOT NULL,
    actor_name     TEXT NOT NULL,
    client_ip      TEXT,
    user_agent     TEXT,
    user           TEXT,
    modem          TEXT,
    target_id      TEXT,             -- what else it was done to
    target_name    TEXT,
    target_before  TEXT,
    note           TEXT,
    segments       INTEGER,
    cost_micros    INTEGER,
    accepted_at    INTEGER,
    sent_at        INTEGER,
    setup_ms       INTEGER,          -- of a call
    ring_ms        INTEGER,
    talk_ms        INTEGER
) STRICT;

-- Where the events with a value stand. They come in here many at a time and term by term, some seconds or
-- minutes after their commit: an event that is written touches one page, and a page of a term is written once
-- for many. Until then they are the last rows of `event`, and few.
CREATE TABLE event_term (
    term  INTEGER NOT NULL, -- which column, and in which order: `store/event_term.rs`
    value INTEGER NOT NULL, -- of its text, in 32 bits that others may share: `store/term_value.rs`; 0 of the term that has all
    at    INTEGER NOT NULL, -- when it was published; 0 in the order of commits
    event INTEGER NOT NULL,
    PRIMARY KEY (term, value, at, event)
) STRICT, WITHOUT ROWID;

-- Up to which event each term reaches, and up to which the usage is counted: that is 14.
CREATE TABLE event_index (
    term INTEGER PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT;
INSERT INTO event_index VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0),
    (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0);

-- What was sent, by the day of UTC since 1970 on which a message was accepted, or by its month (counted
-- from January 1970) for each user. Events are counted as they come into the terms, many at a time and some
-- seconds or minutes after their commit, each of them once: how far that has come stands in `event_index`, and
-- is committed with the counts. The report adds those behind it. How a message ended is a word; '' counts all
-- that were sent or will not be.
CREATE TABLE usage_day (
    day         INTEGER NOT NULL,
    region      TEXT NOT NULL,
    channel     TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    ended       TEXT NOT NULL,
    messages    INTEGER NOT NULL,
    segments    INTEGER NOT NULL,
    talk_ms     INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    PRIMARY KEY (day, region, channel, purpose, ended)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_user (
    month       INTEGER NOT NULL,
    user        TEXT NOT NULL,
    region      TEXT NOT NULL,
    channel     TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    ended       TEXT NOT NULL,
    messages    INTEGER NOT NULL,
    segments    INTEGER NOT NULL,
    talk_ms     INTEGER NOT NULL,
    cost_micros INTEGER NOT NULL,
    PRIMARY KEY (month, user, region, channel, purpose, ended)
) STRICT, WITHOUT ROWID;

-- Which SIM each modem had the last time.
CREATE TABLE modem_sim (
    modem TEXT PRIMARY KEY,
    sim   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound (
    key         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    modem       TEXT NOT NULL,
    sender      TEXT NOT NULL,
    text        TEXT NOT NULL,
    segments    INTEGER NOT NULL,
    missing     INTEGER NOT NULL,   -- of them, never came
    sent_at     INTEGER,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX inbound_age ON inbound (received_at);

-- Every received TPDU by its fingerprint: a modem that tells one twice is heard once. The segments
-- of messages that are not complete keep what they say.
CREATE TABLE inbound_segment (
    key         INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    modem       TEXT NOT NULL,
    sim         TEXT NOT NULL,
    sender      TEXT NOT NULL,
    reference   INTEGER CHECK (reference BETWEEN 0 AND 65535),      -- NULL where it is no segment of several
    total       INTEGER CHECK (total BETWEEN 1 AND 255),
    sequence    INTEGER CHECK (sequence BETWEEN 1 AND total),
    text        TEXT CHECK (text IS NULL OR reference IS NOT NULL), -- NULL once it is part of an inbound message
    raw         BLOB,                                               -- what could not be read, as it came
    content     BLOB,                                               -- the same where it is sent again
    sent_at     INTEGER,
    received_at INTEGER NOT NULL,
    CHECK ((reference IS NULL) = (sequence IS NULL) AND (sequence IS NULL) = (total IS NULL))
) STRICT;
CREATE INDEX inbound_segment_open ON inbound_segment (sender, reference, total) WHERE text IS NOT NULL;
CREATE INDEX inbound_segment_content ON inbound_segment (content) WHERE content IS NOT NULL;
CREATE INDEX inbound_segment_age ON inbound_segment (received_at);
CREATE INDEX inbound_segment_waiting ON inbound_segment (received_at) WHERE text IS NOT NULL;
CREATE INDEX inbound_segment_raw ON inbound_segment (received_at) WHERE raw IS NOT NULL;

-- One row, written to find out whether that can be done.
CREATE TABLE heartbeat (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    at  INTEGER NOT NULL
) STRICT;
