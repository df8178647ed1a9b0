#include "serve/http_message.h"

#include <fmt/format.h>

#include <exception>

namespace tagdrift::serve {
namespace {

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

std::string Message(const HttpAnswer& answer, bool with_body = true) {
  const std::string_view allow = answer.status == 405 ? "Allow: GET, HEAD\r\n" : "";
  return fmt::format(
      "HTTP/1.1 {} {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: "
      "close\r\n\r\n{}",
      answer.status, Reason(answer.status), allow, answer.content_type, answer.body.size(),
      with_body ? std::string_view(answer.body) : std::string_view());
}

std::string ErrorResponse(int status, std::string_view why) {
  return Message({.status = status, .body = fmt::format("{}\n", why)});
}

HttpAnswer Call(const HttpHandler& handler) {
  try {
    return handler();
  } catch (const std::exception&) {
    return {.status = 500, .body = "internal error\n"};
  }
}

}  // namespace

std::optional<std::string> Respond(std::string_view received, const HttpHandlers& handlers) {
  const std::size_t head_end = received.find("\r\n\r\n");
  if (head_end > kRequestHeadLimit && received.size() > kRequestHeadLimit)
    return ErrorResponse(431, fmt::format("the request line and headers are more than {} bytes", kRequestHeadLimit));
  if (head_end == std::string_view::npos) return std::nullopt;

  const std::string_view line = received.substr(0, received.find("\r\n"));
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == 0 || target_end <= method_end + 1)
    return ErrorResponse(400, "not an HTTP request");
  const std::string_view method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return version.starts_with("HTTP/") ? ErrorResponse(505, "speak HTTP/1.1")
                                        : ErrorResponse(400, "not an HTTP request");

  const auto found = handlers.find(target.substr(0, target.find('?')));
  if (found == handlers.end()) return ErrorResponse(404, "no such path");
  if (method != "GET" && method != "HEAD") return ErrorResponse(405, "only GET and HEAD are answered");
  return Message(Call(found->second), method == "GET");
}

}  // namespace tagdrift::serve
