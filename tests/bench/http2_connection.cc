#include "http2_connection.h"

#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace tagdrift::bench {
namespace {

constexpr std::size_t kMostUnsent = 64 * 1024;

nghttp2_nv Field(const std::string& name, const std::string& value) {
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

/// True: try again when the socket is ready.
bool MustWait(SSL* tls, int result) {
  const int error = SSL_get_error(tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

Http2Connection::Http2Connection(int socket, SSL_CTX* context, std::uint32_t streams, OnAsked on_asked)
    : socket_(socket), tls_(SSL_new(context)), on_asked_(std::move(on_asked)) {
  SSL_set_fd(tls_, socket_);
  SSL_set_accept_state(tls_);
  SSL_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  Open(streams);
}

Http2Connection::~Http2Connection() {
  nghttp2_session_del(session_);
  SSL_free(tls_);
  close(socket_);
}

void Http2Connection::Open(std::uint32_t streams) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBegin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
  nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry most{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &most, 1);
}

bool Http2Connection::Work() {
  ERR_clear_error();
  if (!secured_ && !Secure()) return false;
  return !secured_ || (Read() && Write());
}

bool Http2Connection::Secure() {
  const int result = SSL_do_handshake(tls_);
  if (result != 1) return MustWait(tls_, result);
  secured_ = true;
  return true;
}

bool Http2Connection::Read() {
  std::array<std::uint8_t, 16 * 1024> bytes;
  for (;;) {
    const int got = SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()));
    if (got <= 0) return MustWait(tls_, got);
    if (nghttp2_session_mem_recv(session_, bytes.data(), static_cast<std::size_t>(got)) < 0) return false;
  }
}

bool Http2Connection::Write() {
  for (;;) {
    while (out_.size() < kMostUnsent) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size < 0) return false;
      if (size == 0) break;
      out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    if (out_.empty()) return nghttp2_session_want_read(session_) != 0;
    const int sent = SSL_write(tls_, out_.data(), static_cast<int>(out_.size()));
    if (sent <= 0) return MustWait(tls_, sent);
    out_.erase(0, static_cast<std::size_t>(sent));
  }
}

const Asked* Http2Connection::Find(std::int32_t stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second.asked;
}

void Http2Connection::Say(std::int32_t id, Said said) {
  Stream& stream = streams_.at(id);
  stream.said = std::move(said);
  const std::string status_name = ":status";
  const std::string status = std::to_string(stream.said.status);
  std::vector<nghttp2_nv> fields{Field(status_name, status)};
  for (const auto& [name, value] : stream.said.headers) fields.push_back(Field(name, value));
  const bool bare = stream.said.body.empty() || stream.asked.method == "HEAD";
  nghttp2_data_provider body{.source = {}, .read_callback = OnBody};
  nghttp2_submit_response(session_, id, fields.data(), fields.size(), bare ? nullptr : &body);
}

int Http2Connection::OnBegin(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  static_cast<Http2Connection*>(self)->streams_.try_emplace(frame->hd.stream_id);
  return 0;
}

int Http2Connection::OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                              std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                              void* self) {
  auto& streams = static_cast<Http2Connection*>(self)->streams_;
  const auto found = streams.find(frame->hd.stream_id);
  if (found == streams.end()) return 0;
  const std::string_view field(reinterpret_cast<const char*>(name), name_size);
  const std::string text(reinterpret_cast<const char*>(value), value_size);
  Asked& asked = found->second.asked;
  if (field == ":method") asked.method = text;
  if (field == ":path") asked.target = text;
  if (field == "authorization") asked.authorization = text;
  return 0;
}

int Http2Connection::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    static_cast<Http2Connection*>(self)->on_asked_(frame->hd.stream_id);
  }
  return 0;
}

int Http2Connection::OnClose(nghttp2_session*, std::int32_t stream, std::uint32_t, void* self) {
  static_cast<Http2Connection*>(self)->streams_.erase(stream);
  return 0;
}

ssize_t Http2Connection::OnBody(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source*, void* self) {
  Stream& stream = static_cast<Http2Connection*>(self)->streams_.at(id);
  const std::string& body = stream.said.body;
  const std::size_t part = std::min(size, body.size() - stream.sent);
  std::memcpy(into, body.data() + stream.sent, part);
  stream.sent += part;
  if (stream.sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(part);
}

}  // namespace tagdrift::bench
