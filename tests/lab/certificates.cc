#include "certificates.h"

#include "process.h"

namespace tagdrift::lab {

Certificates MakeCertificates(const std::string& folder) {
  const std::string ca_key = folder + "/ca.key";
  const std::string request = folder + "/server.csr";
  const std::string extensions = folder + "/server.ext";
  const Certificates made{folder + "/ca.crt", folder + "/server.crt", folder + "/server.key"};
  WriteFile(extensions, "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n");
  const std::vector<std::string> new_key{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"};

  std::vector<std::string> command{"openssl",    "req",     "-x509", "-days", "2",    "-subj",
                                   "/CN=lab CA", "-keyout", ca_key,  "-out",  made.ca};
  command.insert(command.end(), new_key.begin(), new_key.end());
  RunOrGiveUp(command);
  command = {"openssl", "req", "-subj", "/CN=lab registry", "-keyout", made.key, "-out", request};
  command.insert(command.end(), new_key.begin(), new_key.end());
  RunOrGiveUp(command);
  RunOrGiveUp({"openssl", "x509", "-req", "-days", "2", "-in", request, "-CA", made.ca, "-CAkey", ca_key,
               "-CAcreateserial", "-extfile", extensions, "-out", made.certificate});
  return made;
}

}  // namespace tagdrift::lab
