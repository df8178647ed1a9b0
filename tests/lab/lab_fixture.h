#pragma once

#include "lab.h"

namespace tagdrift::lab {

/// The lab of this executable, started before its first test on the version that the run is for.
Lab& TheLab();

}  // namespace tagdrift::lab
