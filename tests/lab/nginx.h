#pragma once

#include <functional>
#include <memory>
#include <string>

#include "certificates.h"
#include "process.h"

namespace tagdrift::lab {

/// An nginx with these `server { … }` blocks. Its own log goes to its folder; so does the access log, in the form
/// "CONNECTION PROTOCOL STATUS REQUEST-URI".
class Nginx {
 public:
  Nginx(const std::string& name, const std::string& servers, const std::function<bool()>& ready);

  /// The access log so far.
  std::string AccessLog() const;

 private:
  std::string folder_;
  std::unique_ptr<Daemon> daemon_;
};

/// Puts HTTPS with HTTP/2 at 127.0.0.1:`port` in front of the registry at `backend` ("127.0.0.1:PORT").
Nginx Http2Front(const std::string& name, int port, const std::string& backend, const Certificates& certificates);

/// A runtime at unix socket `socket` that offers the CRI of `containerd_socket` and none of containerd's own services,
/// as CRI-O does.
Nginx CriOnly(const std::string& name, const std::string& socket, const std::string& containerd_socket);

}  // namespace tagdrift::lab
