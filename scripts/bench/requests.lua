-- The requests of bench-registry.py, for wrk: wrk … -s requests.lua URL -- KIND [FILE]
-- FILE has one line for each lease: of the registry `ID GENERATION:SECRET`, of etcd its number.
-- Prints one line of JSON at the end.

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function lines(path)
  local all = {}
  for line in io.lines(path) do all[#all + 1] = line end
  return all
end

-- Goes through `all` again and again; each thread begins somewhere else.
local function cycle(all)
  local n = number * 97
  return function() n = n + 1; return all[n % #all + 1] end
end

local json = { ["content-type"] = "application/json" }
local run = os.time() % 65536
local count = 0

local kinds = {}

function kinds.get()
  return function() return wrk.format("GET") end
end

-- A new server of a new job each time.
function kinds.register()
  return function()
    count = count + 1
    local id = string.format("%04x%04x-0000-7000-8000-%012x", run, number, count)
    local body = string.format('{"id":"%s","cluster":"bench","job_id":"%d-%d-%d","restart_count":0,'
      .. '"name":"qwen3-30b","model":{"name":"qwen3-30b","file":"qwen3.gguf"},"owner":"ann",'
      .. '"host":"gpu-7","port":8080,"started":"2026-01-01T00:00:00Z","state":"ready"}',
      id, run, number, count)
    return wrk.format("POST", "/api/v1/servers", json, body)
  end
end

function kinds.heartbeat(path)
  local requests = {}
  for _, line in ipairs(lines(path)) do
    local id, lease = line:match("(%S+) (%S+)")
    local headers = { ["llamactl-lease"] = lease }
    requests[#requests + 1] = wrk.format("POST", "/api/v1/servers/" .. id .. "/heartbeat", headers)
  end
  return cycle(requests)
end

-- A new key each time, with a value as long as a registration. Both are base64, as etcd's JSON
-- gateway wants them; digits are base64 too.
function kinds.etcd_put()
  local value = string.rep("YmVuY2hiZW5j", 30)
  return function()
    count = count + 1
    local body = string.format('{"key":"%06d%02d%08d","value":"%s"}', run, number, count, value)
    return wrk.format("POST", "/v3/kv/put", json, body)
  end
end

function kinds.etcd_keepalive(path)
  local requests = {}
  for _, lease in ipairs(lines(path)) do
    requests[#requests + 1] = wrk.format("POST", "/v3/lease/keepalive", json, '{"ID":"' .. lease .. '"}')
  end
  return cycle(requests)
end

function init(args)
  request = kinds[args[1]](args[2])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"rate":%f,"p50_ms":%f,"p99_ms":%f,"bytes":%d,"failed":%d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
