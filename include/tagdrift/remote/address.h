#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tagdrift::remote {

/// Files of mutual TLS, PEM.
struct TlsFiles {
  std::string ca;           ///< the authority that has signed the agent's certificate
  std::string certificate;  ///< ours, with its chain
  std::string key;
  std::string server_name;  ///< what the agent's certificate is for; empty: the host of the address
};

/// Where a running agent listens.
struct Address {
  std::string text;         ///< as it is shown: unix:///run/tagdrift/reader.sock, 10.0.0.5:9615
  std::string socket_path;  ///< of a unix socket; empty: TCP
  TlsFiles tls;             ///< of TCP
};

/// Reads `unix:///PATH`, `unix:/PATH`, `/PATH` or HOST:PORT, with `tls` as the options say it. Opens no file. Errors:
/// InvalidArgument, naming the value or the option that is missing or too much.
absl::StatusOr<Address> ParseAddress(const std::string& text, const TlsFiles& tls);

/// The socket on which an agent answers all who may read, below the node's root.
std::string ReaderSocket(const std::string& host_root);

}  // namespace tagdrift::remote
