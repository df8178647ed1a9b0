#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "serve/acceptor.h"
#include "serve/caller.h"
#include "serve/failed_handshakes.h"
#include "serve/refusal.h"
#include "serve/tls_files.h"
#include "serve/workers.h"
#include "tagdrift/serve/serve.h"

namespace tagdrift::serve {

/// A TCP port for who has a certificate of the one authority. The files are read again every second, wherever they are
/// and however they are replaced: a set that can be used has a server of its own, which accepts from then on, and the
/// clients of the one before it are told to leave. Calls under way may end; where the authority is another one, within
/// seconds, so that the certificates of the old one are worth nothing any more. One that cannot be used is warned of
/// once and changes nothing.
class TlsEntrance final : public Entrance {
 public:
  /// Listens; nobody is answered before Serve. Errors: naming the option and its value.
  static absl::StatusOr<std::unique_ptr<TlsEntrance>> Open(TlsAccess access);
  ~TlsEntrance() override;
  TlsEntrance(const TlsEntrance&) = delete;
  TlsEntrance& operator=(const TlsEntrance&) = delete;

  Caller CallerOf(const grpc::ServerContextBase& context) const override;

  /// Who has a connection too many, or fails in the handshake of TLS, is told of by his address: "somebody at
  /// 10.0.0.5"; who has a stream of reflection too many by his name. Errors: gRPC cannot serve, or there are no more
  /// threads.
  absl::Status Serve(std::vector<grpc::Service*> services, OnRefusal turned_away);
  /// Ends all connections, then waits for the calls to end.
  void Stop();

 private:
  class Server;

  TlsEntrance(TlsAccess access, TlsSet set, int listening);

  /// One that accepts.
  absl::StatusOr<std::unique_ptr<Server>> StartServer(const TlsSet& set) const;
  void Reload(const std::stop_token& stop);
  absl::Status Replace(const TlsSet& set);

  const TlsAccess access_;
  TlsSet set_;  ///< in use; of the reloading thread once that has begun
  const int listening_;
  std::vector<grpc::Service*> services_;
  OnRefusal turned_away_;
  std::unique_ptr<FailedHandshakes> failed_handshakes_;
  std::unique_ptr<Server> server_;  ///< as set_
  std::stop_source cut_;            ///< the server of the set before
  std::optional<Workers> ending_;   ///< servers of sets before; of the reloading thread once that has begun
  std::jthread reloading_;          ///< ends first
};

}  // namespace tagdrift::serve
