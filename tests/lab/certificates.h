#pragma once

#include <string>

namespace tagdrift::lab {

/// A certificate for a loopback server, and the CA that signed it, made for one lab.
struct Certificates {
  std::string ca;           ///< file
  std::string certificate;  ///< file
  std::string key;          ///< file
};

/// Makes a CA and a certificate for 127.0.0.1 and localhost in `folder`.
Certificates MakeCertificates(const std::string& folder);

}  // namespace tagdrift::lab
