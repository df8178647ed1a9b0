#pragma once

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "http2_server.h"

namespace tagdrift::bench {

/// One client of the server: TLS and HTTP/2 over a socket that does not block.
class Http2Connection {
 public:
  /// A request has arrived in full on this stream.
  using OnAsked = std::function<void(std::int32_t stream)>;

  /// Takes the socket.
  Http2Connection(int socket, SSL_CTX* context, std::uint32_t streams, OnAsked on_asked);
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  /// Reads and writes what can be. False: it is over.
  bool Work();
  /// Null when the stream has ended meanwhile.
  const Asked* Find(std::int32_t stream) const;
  /// To be sent by the next Work.
  void Say(std::int32_t stream, Said said);

  bool secured() const { return secured_; }

 private:
  struct Stream {
    Asked asked;
    Said said;
    std::size_t sent = 0;
  };

  bool Secure();
  bool Read();
  bool Write();
  void Open(std::uint32_t streams);

  static int OnBegin(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self);
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int OnClose(nghttp2_session*, std::int32_t stream, std::uint32_t, void* self);
  static ssize_t OnBody(nghttp2_session*, std::int32_t stream, std::uint8_t* into, std::size_t size,
                        std::uint32_t* flags, nghttp2_data_source*, void* self);

  int socket_;
  SSL* tls_;
  nghttp2_session* session_ = nullptr;
  bool secured_ = false;
  OnAsked on_asked_;
  std::map<std::int32_t, Stream> streams_;
  std::string out_;
};

}  // namespace tagdrift::bench
