#pragma once

#include <string>
#include <thread>

namespace tagdrift::node {

/// Listens on a unix socket and speaks no gRPC.
class PlainListener {
 public:
  enum class Manner {
    kSilent,  ///< lets clients connect and says nothing
    kCloses,  ///< hangs up at once
    kHttp1,   ///< answers as an HTTP/1.1 server does to what it does not understand
  };

  PlainListener(const std::string& path, Manner manner);
  ~PlainListener();

 private:
  void Serve(Manner manner) const;

  int socket_;
  std::jthread thread_;
};

}  // namespace tagdrift::node
