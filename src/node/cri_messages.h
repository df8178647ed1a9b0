#pragma once

#include "runtime/v1/api.pb.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// The CRI's messages as plain values.
CriImage FromMessage(const runtime::v1::Image& image);
CriContainer FromMessage(const runtime::v1::Container& container);
CriSandbox FromMessage(const runtime::v1::PodSandbox& sandbox);

}  // namespace tagdrift::node
