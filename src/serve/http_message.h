#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::serve {

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

/// Answers a GET of one path. It has to be quick: a listener answers one request at a time.
using HttpHandler = std::function<HttpAnswer()>;
using HttpHandlers = std::map<std::string, HttpHandler, std::less<>>;  ///< by path

/// Request line and headers of one request.
inline constexpr std::size_t kRequestHeadLimit = 8192;

/// What to send for what a client has sent so far; nothing: its request is not complete. Understands HTTP/1.0 and 1.1,
/// GET and HEAD, one request per connection; bodies and queries are ignored. A handler that throws is answered 500.
std::optional<std::string> Respond(std::string_view received, const HttpHandlers& handlers);

}  // namespace tagdrift::serve
