// No Content-Security-Policy holds these: what they send leaves without being asked for as a URL.
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) {
  Object.defineProperty(window, name, { value: undefined });
}
