#pragma once

#include <map>
#include <string>
#include <vector>

namespace tagdrift::lab {

struct HttpAnswer {
  int status = 0;  ///< 0: no answer, `error` says why
  std::string error;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};
  std::string body = {};
  std::string ca_file = {};
  std::string user_password = {};       ///< "user:password"
  std::string client_certificate = {};  ///< file
  std::string client_key = {};          ///< file
};

HttpAnswer Send(const HttpRequest& request);

}  // namespace tagdrift::lab
