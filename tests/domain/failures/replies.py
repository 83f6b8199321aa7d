"""Replies as relays and providers write them, by the row of the SMTP table that must decide about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Reply: TypeAlias = tuple[int, str, str]
"""Code, text, stage."""

BY_SIGNAL: Mapping[str, Sequence[Reply]] = {
    # about us
    "authentication fails, is missing or must be encrypted": [
        (535, "5.7.8 Username and Password not accepted. Learn more at https://support.google.com/mail", "auth"),
        (535, "5.7.139 Authentication unsuccessful, basic authentication is disabled.", "auth"),
        (530, "5.7.0 Must issue a STARTTLS command first.", "mail"),
        (530, "5.7.57 Client not authenticated to send mail.", "mail"),
        (534, "5.7.9 Application-specific password required.", "auth"),
    ],
    "the relay turns us away at the greeting": [
        (554, "5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org", "connect"),
        (521, "relay.example does not accept mail", "connect"),
    ],
    "the relay cannot check the login or offer TLS for now": [(454, "4.7.0 Temporary authentication failure", "auth")],
    "the sender's address or its right to relay is refused": [
        (550, "5.1.1 <a@b.example>: Sender address rejected: User unknown in local recipient table", "rcpt"),
        (550, "relaying denied: you must authenticate first", "rcpt"),
    ],
    # providers
    "Gmail: unusual rate of mail from us": [
        (
            421,
            "4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address.",
            "data",
        ),
    ],
    "Gmail: mail without SPF, DKIM, DMARC, PTR or TLS is deferred": [
        (421, "4.7.23 The IP address sending this message does not have a PTR record setup.", "data"),
        (421, "4.7.26 Your email has been rate limited because it is unauthenticated.", "data"),
        (421, "4.7.27 Your email has been rate limited because SPF authentication didn't pass.", "data"),
        (421, "4.7.29 Your email has been rate limited because the message was not sent over TLS.", "data"),
        (421, "4.7.30 Your email has been rate limited because DKIM authentication didn't pass.", "data"),
        (421, "4.7.32 Your email has been rate limited because the From: header isn't aligned.", "data"),
    ],
    "Gmail: no TLS": [(421, "4.7.0 Connection must use TLS for this sending domain. Encryption required", "mail")],
    "Gmail: the recipient gets mail too fast": [
        (450, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery.", "rcpt"),
    ],
    "Gmail, Microsoft: the daily allowance is used up": [
        (550, "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to", "data"),
        (454, "4.4.5 Server busy, try again later; daily limit", "data"),
    ],
    "Yahoo [TSS04]": [
        (421, "4.7.0 [TSS04] Messages from 203.0.113.9 temporarily deferred due to user complaints", "mail"),
    ],
    "Yahoo [TSS05]": [(421, "4.7.0 [TSS05] Messages temporarily deferred due to unexpected volume", "mail")],
    "Yahoo [TS01], [TS02], [TS03]": [
        (421, "4.7.0 [TS01] Messages from 203.0.113.9 temporarily deferred due to excessive user complaints", "mail"),
        (421, "4.7.0 [TS02] Messages from 203.0.113.9 temporarily deferred", "connect"),
        (
            421,
            "4.7.1 [TS03] All messages from 203.0.113.9 will be permanently deferred; Retrying will NOT succeed",
            "mail",
        ),
    ],
    "Yahoo: no such account": [
        (554, "delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0]", "data"),
        (554, "delivery error: dd This user doesn't have an ymail.com account (x@ymail.com) [-5]", "data"),
    ],
    "Orange: too many connections": [
        (421, "mwinf5c04 ME Trop de connexions, veuillez verifier votre configuration. OFR004_104 [104]", "connect"),
        (450, "Trop de connexions, veuillez verifier votre configuration", "mail"),
    ],
    "Orange: rejected as unwanted": [(550, "5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", "data")],
    "Microsoft: rate limited for the reputation of our address": [
        (451, "4.7.650 The mail server [203.0.113.9] has been temporarily rate limited due to IP reputation.", "mail"),
        (451, "4.7.500 Server busy. Please try again later from [203.0.113.9]. (S77719)", "rcpt"),
    ],
    "Microsoft: RP-001 to RP-003": [
        (421, "RP-001 (BAY004-MC1F12) Unfortunately, some messages weren't sent. Please try again.", "mail"),
    ],
    "Microsoft: our domain does not meet the required authentication": [
        (
            550,
            "5.7.515 Access denied, sending domain [x.example] doesn't meet the required authentication level.",
            "data",
        ),
    ],
    "Microsoft: our domain fails DMARC and asks to be refused": [
        (550, "5.7.509 Access denied, sending domain x.example does not pass DMARC verification", "data"),
    ],
    "Microsoft: our address is banned or on a block list": [
        (550, "5.7.606 Access denied, banned sending IP [203.0.113.9].", "rcpt"),
        (550, "5.7.511 Access denied, banned sender[203.0.113.9].", "rcpt"),
    ],
    "Microsoft: no such mailbox": [
        (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", "rcpt"),
    ],
    "Free, La Poste, SFR: too many mails or connections": [
        (421, "Too many spams from your IP (203.0.113.9), please visit http://postmaster.free.fr/", "rcpt"),
        (421, "mlpnf0108 laposte.net Too many connections, slow down. LPN105_104", "connect"),
    ],
    # enhanced status
    "no such mailbox": [
        (550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking", "rcpt"),
        (550, "5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]", "rcpt"),
        (550, "<x@gmx.example>... 5.1.1 User unknown; rejecting", "data"),
    ],
    "no such domain": [(550, "5.1.2 <x@nowhere.example>: Recipient address rejected: Domain not found", "rcpt")],
    "no valid address": [(553, "5.1.3 The recipient address <x@y> is not a valid RFC 5321 address.", "rcpt")],
    "the mailbox has moved": [(551, "5.1.6 The recipient's mailbox has moved", "rcpt")],
    "the domain takes no mail at all (null MX)": [
        (
            556,
            "5.1.10 <x@y.example>: Recipient address rejected: Domain y.example does not accept mail (nullMX)",
            "rcpt",
        ),
    ],
    "the mailbox is disabled": [
        (550, "5.2.1 The email account that you tried to reach is disabled.", "rcpt"),
        (550, "5.2.1 The email account that you tried to reach is inactive.", "rcpt"),
    ],
    "the mailbox is unavailable": [
        (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "rcpt"),
    ],
    "the sender's address is not valid": [
        (550, "5.1.7 The sender's mailbox address syntax is incorrect", "mail"),
        (553, "5.1.8 <x@y.example>: Domain of bounce address does not resolve", "mail"),
    ],
    "the sender's domain cannot be found": [
        (450, "4.1.8 <x@y.example>: Sender address rejected: Domain not found", "mail")
    ],
    "the mailbox is full": [
        (452, "4.2.2 The email account that you tried to reach is over quota.", "rcpt"),
        (552, "5.2.2 The email account that you tried to reach is over quota and inactive.", "rcpt"),
        (554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "data"),
    ],
    "the way to the recipient's server is broken": [(550, "5.4.4 Unable to route: no mail hosts for domain", "rcpt")],
    "the recipient's system is full": [(452, "4.3.1 Insufficient system storage", "rcpt")],
    "the mail is too large": [
        (552, "5.3.4 Message size exceeds fixed limit", "mail"),
        (552, "5.2.3 Your message exceeded Google's message size limits.", "data"),
    ],
    "the address needs SMTPUTF8, which is not offered": [
        (553, "5.6.7 The recipient address needs SMTPUTF8, which the host does not offer", "rcpt"),
    ],
    "the form of the mail is refused": [(554, "5.6.0 Message contains invalid headers", "data")],
    "the system takes no mail for now, or not so many recipients": [
        (421, "4.3.2 Service shutting down", "mail"),
        (452, "4.5.3 Your message has too many recipients. For more information", "rcpt"),
        (432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "data"),
    ],
    "authentication or encryption is missing or too weak": [
        (554, "5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", "data"),
        (550, "5.7.10 Encryption needed", "mail"),
    ],
    "SPF, DKIM, DMARC or PTR fails": [
        (550, "5.7.26 This mail has been blocked because the sender is unauthenticated.", "data"),
        (550, "5.7.27 This mail has been blocked because SPF did not pass.", "data"),
        (550, "5.7.25 The IP address sending this message does not have a PTR record setup", "rcpt"),
        (550, "5.7.23 SPF validation failed", "rcpt"),
    ],
    "refused by policy, as spam or for a block list": [
        (550, "5.7.1 Our system has detected that this message is likely unsolicited mail.", "data"),
        (
            553,
            "5.7.1 [BL21] Connections will not be accepted from 203.0.113.9, because the ip is in Spamhaus's list",
            "mail",
        ),
        (554, "5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com", "data"),
        (550, "5.7.28 There is an unusual rate of unsolicited mail originating from your IP address.", "data"),
        (550, "5.7.0 Mail rejete; LPN007_510", "data"),
        (554, "5.7.1 <x@y.example>: Relay access denied", "rcpt"),
        (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain; relaying denied", "rcpt"),
    ],
    "too many mails, deferred by policy": [
        (421, "4.7.0 Too many concurrent SMTP connections from your network", "mail"),
        (421, "4.7.1 [TSS09] All messages from 203.0.113.9 deferred", "mail"),
    ],
    "greylisted": [
        (450, "4.7.1 <x@y.example>: Recipient address rejected: Greylisted for 300 seconds", "rcpt"),
        (451, "4.7.1 Please try again later", "rcpt"),
    ],
    # phrases
    "the words of greylisting": [(451, "Temporarily rejected. Reason: greylisting in action, come back later", "rcpt")],
    "words of too much or too many": [
        (450, "Requested action aborted: too many mails, throttled", "rcpt"),
        (451, "Mail rate limit exceeded; slow down", "data"),
    ],
    "the words of a full mailbox": [
        (452, "Mailbox full", "rcpt"),
        (552, "Requested mail action aborted: exceeded storage allocation", "data"),
        (550, "Quota exceeded (mailbox for user is full)", "rcpt"),
    ],
    "words of spam, policy or blocking": [
        (554, "Transaction failed. Reject due to policy restrictions. For explanation visit gmx.net", "data"),
        (550, "JunkMail rejected - host is in an RBL on block list; user unknown", "rcpt"),
    ],
    "the words of a missing mailbox": [
        (550, "Requested action not taken: mailbox unavailable; no such user here", "rcpt"),
        (554, "delivery error: dd Sorry, your message cannot be delivered. This mailbox does not exist", "data"),
        (550, "5.0.0 <x@y.example> User unknown", "rcpt"),
    ],
    # basic codes
    "the service closes": [
        (421, "relay.example Service not available, closing transmission channel", "rcpt"),
        (421, "4.4.2 relay.example Error: timeout exceeded", "rcpt"),
    ],
    "any other refusal for now": [
        (451, "4.3.0 Error: queue file write error", "data"),
        (450, "4.1.1 <x@y.example>: Recipient address rejected: unverified address", "rcpt"),
        (451, "Requested action aborted: local error in processing", "data"),
    ],
    "no storage": [(552, "Requested mail action aborted", "rcpt")],
    "too large": [(552, "Message too big", "data")],
    "a parameter is not known": [(555, "MAIL FROM/RCPT TO parameters not recognized or not implemented", "mail")],
    "the domain takes no mail (RFC 7504)": [(556, "Domain takes no mail here", "rcpt")],
    "any other refusal for good": [
        (550, "Requested action not taken: mailbox unavailable", "rcpt"),
        (554, "Transaction failed", "data"),
        (503, "5.5.1 Bad sequence of commands", "mail"),
    ],
}
