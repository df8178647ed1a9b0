// bare_heads AUTHORITY TAGS REPOSITORIES CA-BUNDLE: sends the HEAD requests of `tagdrift check` with libcurl and
// nothing else, all handed over at once to one HTTP/2 connection, and prints how many brought a digest. What can be had
// at best: the measure that the program is compared with.
#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr char kAccept[] =
    "Accept: application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json, */*";

std::size_t CountDigests(char* bytes, std::size_t size, std::size_t count, void* answered) {
  if (std::string_view(bytes, size * count).starts_with("docker-content-digest: sha256:")) {
    ++*static_cast<int*>(answered);
  }
  return size * count;
}

CURL* Head(const std::string& url, const std::string& bundle, curl_slist* headers, int* answered) {
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "bare_heads");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CAINFO, bundle.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CountDigests);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, answered);
  return easy;
}

int Run(const std::string& authority, int tags, int repositories, const std::string& bundle) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 250L);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  curl_slist* headers = curl_slist_append(nullptr, kAccept);
  int answered = 0;
  std::vector<CURL*> heads;
  for (int i = 0; i < tags; ++i) {
    const std::string url = "https://" + authority + "/v2/team-" + std::to_string(i % repositories) +
                            "/app/manifests/v" + std::to_string(i / repositories) + "?ns=bench.test";
    heads.push_back(Head(url, bundle, headers, &answered));
    curl_multi_add_handle(multi, heads.back());
  }
  int running = tags;
  while (running > 0 && curl_multi_perform(multi, &running) == CURLM_OK) {
    if (running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  for (CURL* easy : heads) {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  curl_slist_free_all(headers);
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  std::printf("%d\n", answered);
  return answered == tags ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: bare_heads AUTHORITY TAGS REPOSITORIES CA-BUNDLE\n", stderr);
    return 64;
  }
  return Run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
}
