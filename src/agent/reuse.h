#pragma once

#include <map>
#include <string>
#include <vector>

#include "history.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/node/content_reader.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// Takes out of `images` what `reuse` has answers for, judged anew by what is known now.
std::vector<report::JudgedTag> TakeReusable(const Reuse& reuse, const std::map<std::string, judge::Route>& routes,
                                            const judge::Context& rules, const History::Known& history,
                                            node::ContentReader& content, const CallContext& context,
                                            std::vector<facts::CachedImage>& images);

/// Puts earlier answers in place of those in `tags` that had not come when the round's time was up, also for names that
/// were to be asked anew.
void KeepEarlierAnswers(const Reuse& reuse, const std::map<std::string, judge::Route>& routes,
                        const judge::Context& rules, const History::Known& history, node::ContentReader& content,
                        const CallContext& context, std::vector<report::JudgedTag>& tags);

}  // namespace tagdrift::agent
