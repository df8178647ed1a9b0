#pragma once

#include <string>

namespace tagdrift::kube {

/// The key of the first certificate in `pem`, as libcurl compares it ("sha256//BASE64"). Empty where there is none.
std::string CertificatePin(const std::string& pem);

}  // namespace tagdrift::kube
