// A client of Relance's event API for Node 18 or newer, without dependencies. Copy it, or import it as it is.
//
//   RELANCE_URL             where the gateway is, https://relance.example
//   RELANCE_SIGNING_SECRET  one of RELANCE_GATEWAY__SIGNING_SECRETS, whsec_...
//   RELANCE_API_KEY         one of RELANCE_GATEWAY__API_KEYS; for questions only
//
//   node relance-events.mjs event submitted 2026-11.u00012.c00240
//   node relance-events.mjs event submitted v2.Zm9ybS1h...            (the token of a form's link)
//   node relance-events.mjs events < events.json                      ([{"event": ..., "invitationId": ...}, ...])
//   node relance-events.mjs preferences u00012 u00013
//   node relance-events.mjs token v2.Zm9ybS1h...
//   node relance-events.mjs invitation 2026-11.u00012.c00240

import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

export const MOST_EVENTS = 1000; // in one message
const TIMEOUT_MS = 15_000;
const TRIES = 6;

/** An answer that trying again will not change: `status`, and the problem details (RFC 9457) in `problem`. */
export class RelanceError extends Error {
  constructor(status, problem) {
    super(`Relance answered ${status}: ${problem?.detail ?? ""}`);
    this.status = status;
    this.problem = problem;
  }
}

/** The headers of a message after Standard Webhooks: HMAC-SHA-256 over `id.timestamp.body`. */
export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const digest = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": `v1,${digest}` };
}

export class Relance {
  constructor({ url, signingSecret, apiKey, tries = TRIES, pauseMs = 500 }) {
    this.url = url.replace(/\/$/, "");
    this.signingSecret = signingSecret;
    this.apiKey = apiKey;
    this.tries = tries;
    this.pauseMs = pauseMs;
  }

  /**
   * Say what happened; returns one answer per event, in their order: {answer, invitationId?, errors?}.
   *
   * Store `messageId` together with what you are about to say, and use it again when you say it again, also after a
   * restart: then nothing counts twice, however often you repeat it.
   */
  async events(events, messageId = randomUUID()) {
    const answers = [];
    for (let start = 0; start < events.length; start += MOST_EVENTS) {
      const id = start === 0 ? messageId : `${messageId}.${start / MOST_EVENTS}`;
      const body = JSON.stringify({ events: events.slice(start, start + MOST_EVENTS) });
      answers.push(...(await this.#post("/api/v1/events", body, id)).answers);
    }
    return answers;
  }

  /** Say whose preferences, contacts or account have changed; returns {userId, answer} per user. */
  async preferencesChanged(userIds, messageId = randomUUID()) {
    const body = JSON.stringify({ userIds });
    return (await this.#post("/api/v1/preferences-changed", body, messageId)).answers;
  }

  /** What the token of a form's link stands for, and whether an answer still counts; null if it stands for nothing. */
  async token(token) {
    return this.#get(`/api/v1/tokens/${encodeURIComponent(token)}`);
  }

  /** Where an invitation stands, and sentences that say why; null if there is none. */
  async invitation(id) {
    return this.#get(`/api/v1/invitations/${encodeURIComponent(id)}`);
  }

  async #post(path, body, messageId) {
    // The id stays the same over all tries, the time does not: a signature holds for five minutes.
    const headers = () => ({
      "content-type": "application/json",
      ...sign(this.signingSecret, messageId, Math.floor(Date.now() / 1000), body),
    });
    return this.#try(() => fetch(this.url + path, this.#options({ method: "POST", headers: headers(), body })));
  }

  async #get(path) {
    const headers = { authorization: `Bearer ${this.apiKey}` };
    try {
      return await this.#try(() => fetch(this.url + path, this.#options({ headers })));
    } catch (error) {
      if (error instanceof RelanceError && error.status === 404) return null;
      throw error;
    }
  }

  #options(options) {
    return { ...options, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) };
  }

  /** Repeat what got no answer, 429 or 5xx, ever later; anything else is final. */
  async #try(request) {
    for (let attempt = 1; ; attempt += 1) {
      let pause = this.pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random());
      let failure;
      try {
        const response = await request();
        if (response.ok) return await response.json();
        const problem = await response.json().catch(() => null);
        failure = new RelanceError(response.status, problem);
        if (response.status !== 429 && response.status < 500) throw failure;
        const seconds = Number(response.headers.get("retry-after"));
        if (seconds > 0) pause = Math.max(pause, seconds * 1000);
      } catch (error) {
        if (error === failure) throw error;
        failure = error; // no answer: it may have been taken, and the same id makes saying it again harmless
      }
      if (attempt >= this.tries) throw failure;
      await sleep(pause);
    }
  }
}

/** The same events as the application has them: an id begins with a year, a token with its version. */
export function eventOf(event, what) {
  return /^v\d+\./.test(what) ? { event, token: what } : { event, invitationId: what };
}

async function main([command, ...given]) {
  const relance = new Relance({
    url: process.env.RELANCE_URL,
    signingSecret: process.env.RELANCE_SIGNING_SECRET ?? "",
    apiKey: process.env.RELANCE_API_KEY ?? "",
  });
  switch (command) {
    case "event":
      return relance.events([eventOf(given[0], given[1])], given[2]);
    case "events": {
      let text = "";
      for await (const chunk of process.stdin) text += chunk;
      return relance.events(JSON.parse(text), given[0]);
    }
    case "preferences":
      return relance.preferencesChanged(given);
    case "token":
      return relance.token(given[0]);
    case "invitation":
      return relance.invitation(given[0]);
    default:
      throw new Error("usage: event KIND ID|TOKEN | events < FILE | preferences USER... | token TOKEN | invitation ID");
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(JSON.stringify(await main(process.argv.slice(2)), null, 2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
