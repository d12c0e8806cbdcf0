-- Sends the requests of a file in turn (METHOD, PATH, BODY, HEADERS by tabs; between headers is the
-- character 31) and prints JSON at the end. With a number of milliseconds, each connection pauses
-- about so long before a request.
local requests = {}
local next_request = 0

function init(arguments)
   local token = arguments[2]
   local pause = tonumber(arguments[3])
   if pause > 0 then
      function delay()
         return math.random(math.floor(pause / 2), math.floor(1.5 * pause))
      end
   end
   for line in io.lines(arguments[1]) do
      local method, path, body, given = line:match("^([^\t]*)\t([^\t]*)\t?([^\t]*)\t?(.*)$")
      if body == "" then
         local headers = {}
         for name, value in given:gmatch("([^:\31]+): ([^\31]+)") do
            headers[name] = value
         end
         requests[#requests + 1] = wrk.format(method, path, headers)
      else
         local headers = {
            ["Content-Type"] = "application/json",
            ["Authorization"] = "Bearer " .. token,
         }
         requests[#requests + 1] = wrk.format(method, path, headers, body)
      end
   end
end

function request()
   next_request = next_request % #requests + 1
   return requests[next_request]
end

function done(summary, latency)
   local errors = summary.errors
   -- A server that closes after each answer, as gunicorn's sync worker does, makes "read" errors
   -- that are none: only what was asked and not answered well counts.
   print(string.format(
      '{"requests": %d, "per_second": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}',
      summary.requests,
      summary.requests / summary.duration * 1e6,
      latency:percentile(50) / 1000,
      latency:percentile(99) / 1000,
      errors.connect + errors.status + errors.timeout))
end
