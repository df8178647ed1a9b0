#pragma once

namespace tagdrift::cli {

/// As the first process of a container the program would inherit every orphan in it and never reap it. So there it goes
/// on in a child, and this process reaps, hands on signals and ends as the child does. To be called before there are
/// threads; returns where the program goes on.
void LeaveReapingToPidOne();

}  // namespace tagdrift::cli
