#include "nginx.h"

#include <filesystem>

#include "cri.h"
#include "http.h"
#include "lab_files.h"

namespace tagdrift::lab {
namespace {

std::string Config(const std::string& folder, const std::string& servers) {
  std::string http =
      "log_format lab '$connection $server_protocol $status $request_uri';\n  access_log " + folder + "/access lab;\n";
  for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    http += "  " + kind + "_temp_path " + folder + "/" + kind + ";\n";
  }
  return "daemon off;\nmaster_process off;\npid " + folder + "/pid;\nevents {}\nhttp {\n  " + http + servers + "}\n";
}

}  // namespace

Nginx::Nginx(const std::string& name, const std::string& servers, const std::function<bool()>& ready)
    : folder_(LabRoot() + "/nginx/" + name) {
  WriteFile(folder_ + "/nginx.conf", Config(folder_, servers));
  daemon_ = std::make_unique<Daemon>("nginx " + name,
                                     std::vector<std::string>{LabFile("nginx/usr/sbin/nginx"), "-p", folder_, "-e",
                                                              "stderr", "-c", folder_ + "/nginx.conf"},
                                     std::map<std::string, std::string>{}, folder_ + "/log");
  daemon_->AwaitReady(ready);
}

std::string Nginx::AccessLog() const { return ReadFile(folder_ + "/access"); }

Nginx Http2Front(const std::string& name, int port, const std::string& backend, const Certificates& certificates) {
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const std::string server = "  server {\n    listen " + address + " ssl http2;\n    ssl_certificate " +
                             certificates.certificate + ";\n    ssl_certificate_key " + certificates.key +
                             ";\n    location / {\n      proxy_pass http://" + backend +
                             ";\n      proxy_set_header Host $http_host;\n    }\n  }\n";
  return Nginx(name, server,
               [&] { return Send({.url = "https://" + address + "/v2/", .ca_file = certificates.ca}).status == 200; });
}

Nginx CriOnly(const std::string& name, const std::string& socket, const std::string& containerd_socket) {
  const std::string server = "  server {\n    listen unix:" + socket +
                             " http2;\n    location /runtime.v1. {\n      grpc_pass grpc://unix:" + containerd_socket +
                             ";\n    }\n    location / { return 404; }\n  }\n";
  return Nginx(name, server, [&] { return Cri("unix://" + socket).Version().ok(); });
}

}  // namespace tagdrift::lab
