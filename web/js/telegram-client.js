// Talks with the Telegram client that shows this page as a Mini App: events to it and from it
// (core.telegram.org/api/web-events and core.telegram.org/api/bots/webapps). Telegram's own script is
// not used, because pages load only files of this server.

const WEB_CLIENT = 'https://web.telegram.org';
/** The version of the interface since which the client gives its location. */
const LOCATION_SINCE = 8;
/** How long a client may take to answer what needs nobody's decision, in ms. */
const PROMPT = 2_000;
/** How long a person may think about sharing a location, and a device may search for it, in ms. */
const PATIENT = 60_000;

/** @param version of the client's interface, of the launch */
export function createTelegramClient(version, scope = globalThis) {
  const listeners = new Map();
  const isFramed = scope.parent && scope.parent !== scope;

  /** Sends an event. Returns false if there is no client to send it to. */
  function post(type, data = {}) {
    if (scope.TelegramWebviewProxy) scope.TelegramWebviewProxy.postEvent(type, JSON.stringify(data));
    else if (isFramed) scope.parent.postMessage(JSON.stringify({ eventType: type, eventData: data }), WEB_CLIENT);
    else return false;
    return true;
  }

  function receive(type, data) {
    for (const listener of listeners.get(type) ?? []) listener(data ?? {});
  }

  // Each client calls one of these: Android the first, iOS and the desktop the second.
  scope.Telegram = { WebView: { receiveEvent: receive } };
  scope.TelegramGameProxy = { receiveEvent: receive };
  scope.addEventListener('message', ({ source, origin, data }) => {
    if (!isFramed || source !== scope.parent || origin !== WEB_CLIENT) return;
    try {
      const { eventType, eventData } = JSON.parse(data);
      receive(eventType, eventData);
    } catch { /* not an event of the client */ }
  });

  /** Listens to an event. Returns a function that ends it. */
  function on(type, listener) {
    const heard = listeners.get(type) ?? new Set();
    listeners.set(type, heard.add(listener));
    return () => heard.delete(listener);
  }

  /** Sends an event and resolves with the event that answers it, or with null after `patience` ms. */
  function request(type, answer, patience) {
    return new Promise((resolve) => {
      const end = (data) => { clearTimeout(timer); stop(); resolve(data); };
      const timer = setTimeout(end, patience, null);
      const stop = on(answer, end);
      if (!post(type)) end(null);
    });
  }

  return {
    /** The page is drawn: the client removes its placeholder and gives the page its full height. */
    ready() { post('web_app_ready'); post('web_app_expand'); },
    /** Closes the page, which shows the chat again. Returns false if nothing can close it. */
    close: () => post('web_app_close'),
    onTheme: (listener) => on('theme_changed', (data) => listener(data.theme_params ?? {})),
    /** Whether the client can give its location. It asks the guest at the first request, not here. */
    async hasLocation() {
      if (version < LOCATION_SINCE) return false;
      return Boolean((await request('web_app_check_location', 'location_checked', PROMPT))?.available);
    },
    /** The client's location as {latitude, longitude, accuracyMetres}, or null if the guest gives none. */
    async location() {
      const found = await request('web_app_request_location', 'location_requested', PATIENT);
      if (!found?.available || !Number.isFinite(found.latitude) || !Number.isFinite(found.longitude)) return null;
      const accuracyMetres = Number.isFinite(found.horizontal_accuracy) ? found.horizontal_accuracy : null;
      return { latitude: found.latitude, longitude: found.longitude, accuracyMetres };
    },
  };
}
