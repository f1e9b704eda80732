
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'llamactl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'llamactl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'llamactl' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Submit a llama-server job from a model''s configuration')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run llama-server and look after it: in a job, or on any workstation')
            [CompletionResult]::new('wait-ready', 'wait-ready', [CompletionResultType]::ParameterValue, 'Wait until a server answers, or is known not to come')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Register a server that a script of yours runs')
            [CompletionResult]::new('heartbeat', 'heartbeat', [CompletionResultType]::ParameterValue, 'Renew the lease of a registered server')
            [CompletionResult]::new('unregister', 'unregister', [CompletionResultType]::ParameterValue, 'Take a registered server out of the registry')
            [CompletionResult]::new('notify', 'notify', [CompletionResultType]::ParameterValue, 'Tell people about a server by mail and push')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Be told by the registry: a model is available, a server is lost, a node is offline')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show all that is known of one job')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show a job''s log')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a job: it drains, then ends')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect a program to a server: tunnel if needed, environment, then the program')
            [CompletionResult]::new('configs', 'configs', [CompletionResultType]::ParameterValue, 'List, show, check and make model configurations')
            [CompletionResult]::new('registry', 'registry', [CompletionResultType]::ParameterValue, 'Run and examine the registry')
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'Register and examine nodes')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check what llamactl needs on this machine, with the mend for what is missing')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, or write all of them')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;submit' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Model configuration, by name or path (`llamactl configs ls` lists them)')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'GGUF file, in place of the configuration''s')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the server and the job')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Label for lists and filters; may be repeated')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Set any key of the configuration, as server.context=8192; may be repeated')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'Walltime, as 8:00:00, 90 (minutes) or 1-12')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Partition')
            [CompletionResult]::new('--partition', '--partition', [CompletionResultType]::ParameterName, 'Partition')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Quality of service')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Account to charge')
            [CompletionResult]::new('--cpus', '--cpus', [CompletionResultType]::ParameterName, 'Number of CPUs')
            [CompletionResult]::new('--mem', '--mem', [CompletionResultType]::ParameterName, 'Main memory, as 32G')
            [CompletionResult]::new('--gpus', '--gpus', [CompletionResultType]::ParameterName, 'Number of GPUs')
            [CompletionResult]::new('--gpu-type', '--gpu-type', [CompletionResultType]::ParameterName, 'GPU type; picks the configuration''s variant for it')
            [CompletionResult]::new('--constraint', '--constraint', [CompletionResultType]::ParameterName, 'Node features that the job needs')
            [CompletionResult]::new('--nodelist', '--nodelist', [CompletionResultType]::ParameterName, 'Nodes to use')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Nodes to avoid')
            [CompletionResult]::new('--reservation', '--reservation', [CompletionResultType]::ParameterName, 'Reservation')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Cluster, for a site with several')
            [CompletionResult]::new('--sbatch-arg', '--sbatch-arg', [CompletionResultType]::ParameterName, 'Further option for sbatch, as --sbatch-arg=--exclusive; may be repeated')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--gpu-layers', '--gpu-layers', [CompletionResultType]::ParameterName, 'Layers on the GPU: all, auto or a number')
            [CompletionResult]::new('--extra-args', '--extra-args', [CompletionResultType]::ParameterName, 'Further arguments for llama-server, as one shell-like text')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration')
            [CompletionResult]::new('--notify-on', '--notify-on', [CompletionResultType]::ParameterName, 'Events to tell of, with commas [default: all but draining, ended, offline, online]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--list-configs', '--list-configs', [CompletionResultType]::ParameterName, 'List the model configurations and end')
            [CompletionResult]::new('--no-time-limit', '--no-time-limit', [CompletionResultType]::ParameterName, 'Ask for no walltime limit')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the job script and submit nothing')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the server is ready, and show what it waits for')
            [CompletionResult]::new('--ring', '--ring', [CompletionResultType]::ParameterName, 'Ring, and show a notification on the desktop, when the waiting is over')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;run' {
            [CompletionResult]::new('--spec', '--spec', [CompletionResultType]::ParameterName, 'Everything resolved, as `submit` writes it; - for stdin')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Model configuration, by name or path')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'GGUF file, in place of the configuration''s')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the server')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Label for lists and filters; may be repeated')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Set any key of the configuration, as server.context=8192; may be repeated')
            [CompletionResult]::new('--gpu-type', '--gpu-type', [CompletionResultType]::ParameterName, 'GPU type; picks the configuration''s variant for it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--gpu-layers', '--gpu-layers', [CompletionResultType]::ParameterName, 'Layers on the GPU: all, auto or a number')
            [CompletionResult]::new('--extra-args', '--extra-args', [CompletionResultType]::ParameterName, 'Further arguments for llama-server, as one shell-like text')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Address to listen on [default: 0.0.0.0 in a job, 127.0.0.1 elsewhere]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port to listen on; 0 takes a free one')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration')
            [CompletionResult]::new('--notify-on', '--notify-on', [CompletionResultType]::ParameterName, 'Events to tell of, with commas [default: all but draining, ended, offline, online]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;wait-ready' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'URL of the server')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host of the server')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the server')
            [CompletionResult]::new('--pid', '--pid', [CompletionResultType]::ParameterName, 'Process of the server: fail at once when it ends')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Job of the server: wait for the job too, and fail at once when it ends')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Log to show the end of when it fails')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this time; 0 never')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;register' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the server')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host of the server [default: this host''s name]')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model file or name')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the server [default: the model''s]')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Job id [default: SLURM_JOB_ID]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context size in tokens')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Label for lists and filters; may be repeated')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File (0600) with the server''s API key, for those whom --access allows')
            [CompletionResult]::new('--access', '--access', [CompletionResultType]::ParameterName, 'Who may use the server')
            [CompletionResult]::new('--lease-file', '--lease-file', [CompletionResultType]::ParameterName, 'Where to keep the lease (made 0600)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying for this long while the registry can''t be reached')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;heartbeat' {
            [CompletionResult]::new('--lease-file', '--lease-file', [CompletionResultType]::ParameterName, 'The lease that `register` kept')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Tell a new state')
            [CompletionResult]::new('--pid', '--pid', [CompletionResultType]::ParameterName, 'With --loop: end when this process ends')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--loop', '--loop', [CompletionResultType]::ParameterName, 'Go on beating as often as the registry wants, until a signal or until --pid ends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;unregister' {
            [CompletionResult]::new('--lease-file', '--lease-file', [CompletionResultType]::ParameterName, 'The lease that `register` kept; removed afterwards')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Keep trying for this long while the registry can''t be reached')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify' {
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'What happened')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Model file or name')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the server [default: the model''s]')
            [CompletionResult]::new('--job', '--job', [CompletionResultType]::ParameterName, 'Job id [default: SLURM_JOB_ID]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host of the server [default: this host''s name]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the server')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Log to put the end of into the message')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration')
            [CompletionResult]::new('--notify-on', '--notify-on', [CompletionResultType]::ParameterName, 'Events to tell of, with commas [default: all but draining, ended, offline, online]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to everybody who is configured, and say how it went')
            [CompletionResult]::new('preview', 'preview', [CompletionResultType]::ParameterValue, 'Show what would be sent, and send nothing')
            [CompletionResult]::new('channels', 'channels', [CompletionResultType]::ParameterValue, 'List the channels, with an example of a target for each')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'List or copy the texts of messages, to edit them')
            [CompletionResult]::new('plugins', 'plugins', [CompletionResultType]::ParameterValue, 'Programs of your own that deliver messages')
            [CompletionResult]::new('topic', 'topic', [CompletionResultType]::ParameterValue, 'Show the ntfy topic, its link and its QR code, to subscribe from a phone')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait to be sent')
            [CompletionResult]::new('pending', 'pending', [CompletionResultType]::ParameterValue, 'Follow a job that waits, and tell of it')
            [CompletionResult]::new('mailprog', 'mailprog', [CompletionResultType]::ParameterValue, 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;test' {
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'Only targets of this channel')
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'The event to play')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration')
            [CompletionResult]::new('--notify-on', '--notify-on', [CompletionResultType]::ParameterName, 'Events to tell of, with commas [default: all but draining, ended, offline, online]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;preview' {
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'The event to play')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'The channel [default: that of each target that is configured]')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Show a digest of so many')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration')
            [CompletionResult]::new('--notify-on', '--notify-on', [CompletionResultType]::ParameterName, 'Events to tell of, with commas [default: all but draining, ended, offline, online]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Open the HTML part of the mail in a browser; without a screen, say where it is')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;channels' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;templates' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is from')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Copy the built-in ones into a folder, to edit them; files that are there stay')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;templates;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;templates;init' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'The folder [default: notify.templates, then ~/.config/llamactl/templates]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;templates;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is from')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Copy the built-in ones into a folder, to edit them; files that are there stay')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;templates;help;ls' {
            break
        }
        'llamactl;notify;templates;help;init' {
            break
        }
        'llamactl;notify;templates;help;help' {
            break
        }
        'llamactl;notify;plugins' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what a plugin reads')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;plugins;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;plugins;schema' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;plugins;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what a plugin reads')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;plugins;help;ls' {
            break
        }
        'llamactl;notify;plugins;help;schema' {
            break
        }
        'llamactl;notify;plugins;help;help' {
            break
        }
        'llamactl;notify;topic' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--renew', '--renew', [CompletionResultType]::ParameterName, 'Make a new topic; whoever knows the old one hears nothing more')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;outbox' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List what waits, and what could not be delivered in the last day')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Send what waits now')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;outbox;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;outbox;flush' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;outbox;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List what waits, and what could not be delivered in the last day')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Send what waits now')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;outbox;help;ls' {
            break
        }
        'llamactl;notify;outbox;help;flush' {
            break
        }
        'llamactl;notify;outbox;help;help' {
            break
        }
        'llamactl;notify;pending' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;mailprog' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'What happened, in SLURM''s words')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What happened, in SLURM''s words')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--carry', '--carry', [CompletionResultType]::ParameterName, 'Bring what waits, in the background')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;notify;help' {
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to everybody who is configured, and say how it went')
            [CompletionResult]::new('preview', 'preview', [CompletionResultType]::ParameterValue, 'Show what would be sent, and send nothing')
            [CompletionResult]::new('channels', 'channels', [CompletionResultType]::ParameterValue, 'List the channels, with an example of a target for each')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'List or copy the texts of messages, to edit them')
            [CompletionResult]::new('plugins', 'plugins', [CompletionResultType]::ParameterValue, 'Programs of your own that deliver messages')
            [CompletionResult]::new('topic', 'topic', [CompletionResultType]::ParameterValue, 'Show the ntfy topic, its link and its QR code, to subscribe from a phone')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait to be sent')
            [CompletionResult]::new('pending', 'pending', [CompletionResultType]::ParameterValue, 'Follow a job that waits, and tell of it')
            [CompletionResult]::new('mailprog', 'mailprog', [CompletionResultType]::ParameterValue, 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;notify;help;test' {
            break
        }
        'llamactl;notify;help;preview' {
            break
        }
        'llamactl;notify;help;channels' {
            break
        }
        'llamactl;notify;help;templates' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is from')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Copy the built-in ones into a folder, to edit them; files that are there stay')
            break
        }
        'llamactl;notify;help;templates;ls' {
            break
        }
        'llamactl;notify;help;templates;init' {
            break
        }
        'llamactl;notify;help;plugins' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what a plugin reads')
            break
        }
        'llamactl;notify;help;plugins;ls' {
            break
        }
        'llamactl;notify;help;plugins;schema' {
            break
        }
        'llamactl;notify;help;topic' {
            break
        }
        'llamactl;notify;help;outbox' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List what waits, and what could not be delivered in the last day')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Send what waits now')
            break
        }
        'llamactl;notify;help;outbox;ls' {
            break
        }
        'llamactl;notify;help;outbox;flush' {
            break
        }
        'llamactl;notify;help;pending' {
            break
        }
        'llamactl;notify;help;mailprog' {
            break
        }
        'llamactl;notify;help;help' {
            break
        }
        'llamactl;watch' {
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Name, alias or file of a model; * stands for anything')
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'What to tell of: available when left out; for nodes offline and online')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only servers of this owner; * stands for anything')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only what has this label; may be repeated')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Only nodes of this name, and servers on them; * stands for anything')
            [CompletionResult]::new('--notify', '--notify', [CompletionResultType]::ParameterName, 'Whom to tell, as mailto:ADDRESS, ntfy://TOPIC …; may be repeated. Your own targets when left out')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Tell each time, not only once')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List your watches')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List your watches')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'End watches')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;watch;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;watch;list' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;watch;rm' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;watch;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List your watches')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'End watches')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;watch;help;ls' {
            break
        }
        'llamactl;watch;help;rm' {
            break
        }
        'llamactl;watch;help;help' {
            break
        }
        'llamactl;ls' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only this owner''s')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Only this model')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Only this state: pending, loading, ready, draining, lost or all')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only with this label; may be repeated')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--mine', '--mine', [CompletionResultType]::ParameterName, 'Only your own')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;list' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Only this owner''s')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Only this model')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Only this state: pending, loading, ready, draining, lost or all')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only with this label; may be repeated')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--mine', '--mine', [CompletionResultType]::ParameterName, 'Only your own')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;status' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show anew whenever something changes, until Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;logs' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Lines from the end to begin with')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Lines from the end to begin with')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on while the job runs')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on while the job runs')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;stop' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'With --wait: give up after this time (exit 3); 0 never')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Do not wait for running requests')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the jobs have ended')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;connect' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder to run the program in')
            [CompletionResult]::new('--via', '--via', [CompletionResultType]::ParameterName, 'Login host to tunnel through when the server can''t be reached directly')
            [CompletionResult]::new('--local-port', '--local-port', [CompletionResultType]::ParameterName, 'Local port of the tunnel; 0 takes a free one')
            [CompletionResult]::new('--preset', '--preset', [CompletionResultType]::ParameterName, 'Preset of environment variables [default: the program''s, else openai and anthropic]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print lines that a shell can eval, and run nothing')
            [CompletionResult]::new('--trust', '--trust', [CompletionResultType]::ParameterName, 'Go on although the server can''t prove that it is the one that was registered')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the model configurations')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the model configurations')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a configuration resolved, with where each value came from')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check configurations: of models, and llamactl''s own')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a new model configuration to start from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of model configurations')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;configs;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;list' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;show' {
            [CompletionResult]::new('--gpu-type', '--gpu-type', [CompletionResultType]::ParameterName, 'GPU type whose variant to show')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Set any key, as server.context=8192')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;validate' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;init' {
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'GGUF file')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Copy this configuration')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--user-config', '--user-config', [CompletionResultType]::ParameterName, 'Write ~/.config/llamactl/config.yaml instead')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;schema' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--settings', '--settings', [CompletionResultType]::ParameterName, 'The schema of config.yaml instead')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;configs;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the model configurations')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a configuration resolved, with where each value came from')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check configurations: of models, and llamactl''s own')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a new model configuration to start from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of model configurations')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;configs;help;ls' {
            break
        }
        'llamactl;configs;help;show' {
            break
        }
        'llamactl;configs;help;validate' {
            break
        }
        'llamactl;configs;help;init' {
            break
        }
        'llamactl;configs;help;schema' {
            break
        }
        'llamactl;configs;help;help' {
            break
        }
        'llamactl;registry' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Show what happened, and follow what happens')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the registry')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Ask a live registry for everything that it offers, and report')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make, list and revoke tokens')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Show who changed what, and from where')
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Write everything that the registry holds to a file; it may run meanwhile')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Replace everything that the registry holds by a backup; it may run meanwhile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over the servers of an older registry from its JSON file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;registry;events' {
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Only events after this number; without it the last ones')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only this kind, as registered or lost; several with commas')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'Only what happened to this server, node or token: its id')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what happens, until Ctrl-C')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what happens, until Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;serve' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Address to listen on')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port to listen on; 0 takes a free one')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Where entries are kept: sqlite:PATH or postgres://… [env: LLAMACTL_DATABASE_URL]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Who may use it [default: token, or none on a loopback address]')
            [CompletionResult]::new('--anonymous', '--anonymous', [CompletionResultType]::ParameterName, 'What may be done without a token where tokens are asked for: for older clients')
            [CompletionResult]::new('--first-token-file', '--first-token-file', [CompletionResultType]::ParameterName, 'File (made 0600) for the first token, in place of stderr')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Requests a second of each token, or address without one, or `off` [default: 200/s, or off on a loopback address]')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How long an entry lives without a heartbeat')
            [CompletionResult]::new('--node-warning-after', '--node-warning-after', [CompletionResultType]::ParameterName, 'A node that is silent for so long is in `warning`')
            [CompletionResult]::new('--node-offline-after', '--node-offline-after', [CompletionResultType]::ParameterName, 'A node that is silent for so long is `offline`')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'How long events are kept')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'How often each ready server''s /health is looked at, or `off`')
            [CompletionResult]::new('--login-host', '--login-host', [CompletionResultType]::ParameterName, 'Login host of the cluster, which is suggested to people outside for their ssh tunnel [env: LLAMACTL_SSH_VIA, ssh.via; there without the user]')
            [CompletionResult]::new('--allowed-host', '--allowed-host', [CompletionResultType]::ParameterName, 'Further host name under which browsers may reach it; may be repeated')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Serve https with the certificate in this PEM file; read anew when it changes')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'PEM file with the certificate''s private key')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Most connections at a time; without it as many as open files allow, at most 20,000')
            [CompletionResult]::new('--event-bus', '--event-bus', [CompletionResultType]::ParameterName, 'Redis on which nodes beat and the registry tells what happens, as redis://HOST:PORT/DB [env: LLAMACTL_EVENT_BUS, for one with a password]')
            [CompletionResult]::new('--event-bus-prefix', '--event-bus-prefix', [CompletionResultType]::ParameterName, 'What the names of the event bus''s channels begin with')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;check' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--read-only', '--read-only', [CompletionResultType]::ParameterName, 'Change nothing. Without this it makes entries of its own, whose names begin with llamactl-check, and takes them out again')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown this one time')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the tokens, without themselves')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the tokens, without themselves')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke a token: it counts for nothing from then on')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Revoke a token: it counts for nothing from then on')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;registry;token;create' {
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Whose it is: the name that its servers and nodes have as owner (a user''s login name)')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'What it allows: read, register, admin; several with commas')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'How long it counts, as 90d or 12h; for ever when left out')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'What it is for')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Open this database, on the registry''s host, in place of asking the registry')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token;ls' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Open this database, on the registry''s host, in place of asking the registry')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Also those that ended within the last 90 days')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also those that ended within the last 90 days')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token;list' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Open this database, on the registry''s host, in place of asking the registry')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Also those that ended within the last 90 days')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also those that ended within the last 90 days')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token;revoke' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Open this database, on the registry''s host, in place of asking the registry')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Also the last one for administrators')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token;rm' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Open this database, on the registry''s host, in place of asking the registry')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Also the last one for administrators')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;token;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown this one time')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the tokens, without themselves')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke a token: it counts for nothing from then on')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;registry;token;help;create' {
            break
        }
        'llamactl;registry;token;help;ls' {
            break
        }
        'llamactl;registry;token;help;revoke' {
            break
        }
        'llamactl;registry;token;help;help' {
            break
        }
        'llamactl;registry;audit' {
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only what happened within this time, as 1d or 12h')
            [CompletionResult]::new('--actor', '--actor', [CompletionResultType]::ParameterName, 'Only what this owner did, or the token with this id')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only this kind of event, as token-created')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'Only what happened to this server, node, token or job')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many, the last ones')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;openapi' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;backup' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Write over a file that is there')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;restore' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;import' {
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;registry;help' {
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Show what happened, and follow what happens')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the registry')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Ask a live registry for everything that it offers, and report')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make, list and revoke tokens')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Show who changed what, and from where')
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Write everything that the registry holds to a file; it may run meanwhile')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Replace everything that the registry holds by a backup; it may run meanwhile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over the servers of an older registry from its JSON file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;registry;help;events' {
            break
        }
        'llamactl;registry;help;serve' {
            break
        }
        'llamactl;registry;help;check' {
            break
        }
        'llamactl;registry;help;token' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown this one time')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the tokens, without themselves')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke a token: it counts for nothing from then on')
            break
        }
        'llamactl;registry;help;token;create' {
            break
        }
        'llamactl;registry;help;token;ls' {
            break
        }
        'llamactl;registry;help;token;revoke' {
            break
        }
        'llamactl;registry;help;audit' {
            break
        }
        'llamactl;registry;help;openapi' {
            break
        }
        'llamactl;registry;help;backup' {
            break
        }
        'llamactl;registry;help;restore' {
            break
        }
        'llamactl;registry;help;import' {
            break
        }
        'llamactl;registry;help;help' {
            break
        }
        'llamactl;node' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Register this machine and beat for it until TERM')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Register a node once')
            [CompletionResult]::new('heartbeat', 'heartbeat', [CompletionResultType]::ParameterValue, 'Tell once that a node lives')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List nodes')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List nodes')
            [CompletionResult]::new('maintenance', 'maintenance', [CompletionResultType]::ParameterValue, 'Take a node out of use, or give it back')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Take nodes out of the registry')
            [CompletionResult]::new('topology', 'topology', [CompletionResultType]::ParameterValue, 'Show how the nodes belong together')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show numbers about the nodes')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Settings that the nodes of a role start from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;node;agent' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]')
            [CompletionResult]::new('--labels', '--labels', [CompletionResultType]::ParameterName, 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name that people use [default: the host''s] [env: LLAMACTL_NODE_NAME]')
            [CompletionResult]::new('--ip', '--ip', [CompletionResultType]::ParameterName, 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]')
            [CompletionResult]::new('--vpn-ip', '--vpn-ip', [CompletionResultType]::ParameterName, 'Address in the virtual private network')
            [CompletionResult]::new('--public-ip', '--public-ip', [CompletionResultType]::ParameterName, 'Address on the internet')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'URL of the node''s own service')
            [CompletionResult]::new('--metadata', '--metadata', [CompletionResultType]::ParameterName, 'Anything else to keep with it; may be repeated')
            [CompletionResult]::new('--id-file', '--id-file', [CompletionResultType]::ParameterName, 'Where its id and the secret of its lease are kept [default: /etc/llamactl/node_id, or the user''s configuration folder] [env: LLAMACTL_NODE_ID_FILE]')
            [CompletionResult]::new('--detect-every', '--detect-every', [CompletionResultType]::ParameterName, 'How often to look anew what the machine has [default: 30s]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Register, beat once, print the node''s id, and end')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;register' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]')
            [CompletionResult]::new('--labels', '--labels', [CompletionResultType]::ParameterName, 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name that people use [default: the host''s] [env: LLAMACTL_NODE_NAME]')
            [CompletionResult]::new('--ip', '--ip', [CompletionResultType]::ParameterName, 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]')
            [CompletionResult]::new('--vpn-ip', '--vpn-ip', [CompletionResultType]::ParameterName, 'Address in the virtual private network')
            [CompletionResult]::new('--public-ip', '--public-ip', [CompletionResultType]::ParameterName, 'Address on the internet')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'URL of the node''s own service')
            [CompletionResult]::new('--metadata', '--metadata', [CompletionResultType]::ParameterName, 'Anything else to keep with it; may be repeated')
            [CompletionResult]::new('--hostname', '--hostname', [CompletionResultType]::ParameterName, 'Host name of another machine; nothing is found out then [default: this machine]')
            [CompletionResult]::new('--node-id', '--node-id', [CompletionResultType]::ParameterName, 'The id that it has already')
            [CompletionResult]::new('--gpus', '--gpus', [CompletionResultType]::ParameterName, 'Number of GPUs')
            [CompletionResult]::new('--gpu-type', '--gpu-type', [CompletionResultType]::ParameterName, 'Type of the GPUs')
            [CompletionResult]::new('--vram', '--vram', [CompletionResultType]::ParameterName, 'Memory of all GPUs, as 48G')
            [CompletionResult]::new('--cuda-version', '--cuda-version', [CompletionResultType]::ParameterName, 'Version of CUDA')
            [CompletionResult]::new('--cpus', '--cpus', [CompletionResultType]::ParameterName, 'Logical CPUs')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Main memory, as 256G')
            [CompletionResult]::new('--disk', '--disk', [CompletionResultType]::ParameterName, 'Local disks together, as 2T')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'Operating system')
            [CompletionResult]::new('--machine-id', '--machine-id', [CompletionResultType]::ParameterName, 'Id of the machine')
            [CompletionResult]::new('--slurm-node', '--slurm-node', [CompletionResultType]::ParameterName, 'SLURM''s name for it')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;heartbeat' {
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'How it is')
            [CompletionResult]::new('--metric', '--metric', [CompletionResultType]::ParameterName, 'Something that was measured; may be repeated')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;ls' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Only those of this role')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only those with this label; may be repeated')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Only those in this group')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Only those that stand there; paris takes paris/room-2 in')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those in this state: online, warning, offline, maintenance or draining')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('--wide', '--wide', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;list' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Only those of this role')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only those with this label; may be repeated')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Only those in this group')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Only those that stand there; paris takes paris/room-2 in')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those in this state: online, warning, offline, maintenance or draining')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('--wide', '--wide', [CompletionResultType]::ParameterName, 'Show more columns')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;maintenance' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for people')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;rm' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;topology' {
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Only those of this role')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Only those with this label; may be repeated')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'Only those in this group')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Only those that stand there; paris takes paris/room-2 in')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those in this state: online, warning, offline, maintenance or draining')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What the branches are')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--dot', '--dot', [CompletionResultType]::ParameterName, 'Print nodes and connections for Graphviz')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;stats' {
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Also what happened since then, as 7d or 12h')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the roles that have a profile')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the roles that have a profile')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a role''s profile as JSON')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Write a role''s profile')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a role''s profile')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;node;profile;ls' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile;list' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile;get' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile;set' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile;rm' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;node;profile;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the roles that have a profile')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a role''s profile as JSON')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Write a role''s profile')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a role''s profile')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;node;profile;help;ls' {
            break
        }
        'llamactl;node;profile;help;get' {
            break
        }
        'llamactl;node;profile;help;set' {
            break
        }
        'llamactl;node;profile;help;rm' {
            break
        }
        'llamactl;node;profile;help;help' {
            break
        }
        'llamactl;node;help' {
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Register this machine and beat for it until TERM')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Register a node once')
            [CompletionResult]::new('heartbeat', 'heartbeat', [CompletionResultType]::ParameterValue, 'Tell once that a node lives')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List nodes')
            [CompletionResult]::new('maintenance', 'maintenance', [CompletionResultType]::ParameterValue, 'Take a node out of use, or give it back')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Take nodes out of the registry')
            [CompletionResult]::new('topology', 'topology', [CompletionResultType]::ParameterValue, 'Show how the nodes belong together')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show numbers about the nodes')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Settings that the nodes of a role start from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;node;help;agent' {
            break
        }
        'llamactl;node;help;register' {
            break
        }
        'llamactl;node;help;heartbeat' {
            break
        }
        'llamactl;node;help;ls' {
            break
        }
        'llamactl;node;help;maintenance' {
            break
        }
        'llamactl;node;help;rm' {
            break
        }
        'llamactl;node;help;topology' {
            break
        }
        'llamactl;node;help;stats' {
            break
        }
        'llamactl;node;help;profile' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the roles that have a profile')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a role''s profile as JSON')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Write a role''s profile')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a role''s profile')
            break
        }
        'llamactl;node;help;profile;ls' {
            break
        }
        'llamactl;node;help;profile;get' {
            break
        }
        'llamactl;node;help;profile;set' {
            break
        }
        'llamactl;node;help;profile;rm' {
            break
        }
        'llamactl;node;help;help' {
            break
        }
        'llamactl;doctor' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;completions' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write those of all shells into this folder')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write all pages into this folder')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON on stdout')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'llamactl;help' {
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Submit a llama-server job from a model''s configuration')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run llama-server and look after it: in a job, or on any workstation')
            [CompletionResult]::new('wait-ready', 'wait-ready', [CompletionResultType]::ParameterValue, 'Wait until a server answers, or is known not to come')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Register a server that a script of yours runs')
            [CompletionResult]::new('heartbeat', 'heartbeat', [CompletionResultType]::ParameterValue, 'Renew the lease of a registered server')
            [CompletionResult]::new('unregister', 'unregister', [CompletionResultType]::ParameterValue, 'Take a registered server out of the registry')
            [CompletionResult]::new('notify', 'notify', [CompletionResultType]::ParameterValue, 'Tell people about a server by mail and push')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Be told by the registry: a model is available, a server is lost, a node is offline')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show all that is known of one job')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show a job''s log')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a job: it drains, then ends')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect a program to a server: tunnel if needed, environment, then the program')
            [CompletionResult]::new('configs', 'configs', [CompletionResultType]::ParameterValue, 'List, show, check and make model configurations')
            [CompletionResult]::new('registry', 'registry', [CompletionResultType]::ParameterValue, 'Run and examine the registry')
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'Register and examine nodes')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check what llamactl needs on this machine, with the mend for what is missing')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, or write all of them')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;help;submit' {
            break
        }
        'llamactl;help;run' {
            break
        }
        'llamactl;help;wait-ready' {
            break
        }
        'llamactl;help;register' {
            break
        }
        'llamactl;help;heartbeat' {
            break
        }
        'llamactl;help;unregister' {
            break
        }
        'llamactl;help;notify' {
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to everybody who is configured, and say how it went')
            [CompletionResult]::new('preview', 'preview', [CompletionResultType]::ParameterValue, 'Show what would be sent, and send nothing')
            [CompletionResult]::new('channels', 'channels', [CompletionResultType]::ParameterValue, 'List the channels, with an example of a target for each')
            [CompletionResult]::new('templates', 'templates', [CompletionResultType]::ParameterValue, 'List or copy the texts of messages, to edit them')
            [CompletionResult]::new('plugins', 'plugins', [CompletionResultType]::ParameterValue, 'Programs of your own that deliver messages')
            [CompletionResult]::new('topic', 'topic', [CompletionResultType]::ParameterValue, 'Show the ntfy topic, its link and its QR code, to subscribe from a phone')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait to be sent')
            [CompletionResult]::new('pending', 'pending', [CompletionResultType]::ParameterValue, 'Follow a job that waits, and tell of it')
            [CompletionResult]::new('mailprog', 'mailprog', [CompletionResultType]::ParameterValue, 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog')
            break
        }
        'llamactl;help;notify;test' {
            break
        }
        'llamactl;help;notify;preview' {
            break
        }
        'llamactl;help;notify;channels' {
            break
        }
        'llamactl;help;notify;templates' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is from')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Copy the built-in ones into a folder, to edit them; files that are there stay')
            break
        }
        'llamactl;help;notify;templates;ls' {
            break
        }
        'llamactl;help;notify;templates;init' {
            break
        }
        'llamactl;help;notify;plugins' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List them, and where each is')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what a plugin reads')
            break
        }
        'llamactl;help;notify;plugins;ls' {
            break
        }
        'llamactl;help;notify;plugins;schema' {
            break
        }
        'llamactl;help;notify;topic' {
            break
        }
        'llamactl;help;notify;outbox' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List what waits, and what could not be delivered in the last day')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Send what waits now')
            break
        }
        'llamactl;help;notify;outbox;ls' {
            break
        }
        'llamactl;help;notify;outbox;flush' {
            break
        }
        'llamactl;help;notify;pending' {
            break
        }
        'llamactl;help;notify;mailprog' {
            break
        }
        'llamactl;help;watch' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List your watches')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'End watches')
            break
        }
        'llamactl;help;watch;ls' {
            break
        }
        'llamactl;help;watch;rm' {
            break
        }
        'llamactl;help;ls' {
            break
        }
        'llamactl;help;status' {
            break
        }
        'llamactl;help;logs' {
            break
        }
        'llamactl;help;stop' {
            break
        }
        'llamactl;help;connect' {
            break
        }
        'llamactl;help;configs' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the model configurations')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a configuration resolved, with where each value came from')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check configurations: of models, and llamactl''s own')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a new model configuration to start from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of model configurations')
            break
        }
        'llamactl;help;configs;ls' {
            break
        }
        'llamactl;help;configs;show' {
            break
        }
        'llamactl;help;configs;validate' {
            break
        }
        'llamactl;help;configs;init' {
            break
        }
        'llamactl;help;configs;schema' {
            break
        }
        'llamactl;help;registry' {
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Show what happened, and follow what happens')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the registry')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Ask a live registry for everything that it offers, and report')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make, list and revoke tokens')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Show who changed what, and from where')
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Write everything that the registry holds to a file; it may run meanwhile')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Replace everything that the registry holds by a backup; it may run meanwhile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over the servers of an older registry from its JSON file')
            break
        }
        'llamactl;help;registry;events' {
            break
        }
        'llamactl;help;registry;serve' {
            break
        }
        'llamactl;help;registry;check' {
            break
        }
        'llamactl;help;registry;token' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown this one time')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the tokens, without themselves')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke a token: it counts for nothing from then on')
            break
        }
        'llamactl;help;registry;token;create' {
            break
        }
        'llamactl;help;registry;token;ls' {
            break
        }
        'llamactl;help;registry;token;revoke' {
            break
        }
        'llamactl;help;registry;audit' {
            break
        }
        'llamactl;help;registry;openapi' {
            break
        }
        'llamactl;help;registry;backup' {
            break
        }
        'llamactl;help;registry;restore' {
            break
        }
        'llamactl;help;registry;import' {
            break
        }
        'llamactl;help;node' {
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Register this machine and beat for it until TERM')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Register a node once')
            [CompletionResult]::new('heartbeat', 'heartbeat', [CompletionResultType]::ParameterValue, 'Tell once that a node lives')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List nodes')
            [CompletionResult]::new('maintenance', 'maintenance', [CompletionResultType]::ParameterValue, 'Take a node out of use, or give it back')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Take nodes out of the registry')
            [CompletionResult]::new('topology', 'topology', [CompletionResultType]::ParameterValue, 'Show how the nodes belong together')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Show numbers about the nodes')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Settings that the nodes of a role start from')
            break
        }
        'llamactl;help;node;agent' {
            break
        }
        'llamactl;help;node;register' {
            break
        }
        'llamactl;help;node;heartbeat' {
            break
        }
        'llamactl;help;node;ls' {
            break
        }
        'llamactl;help;node;maintenance' {
            break
        }
        'llamactl;help;node;rm' {
            break
        }
        'llamactl;help;node;topology' {
            break
        }
        'llamactl;help;node;stats' {
            break
        }
        'llamactl;help;node;profile' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the roles that have a profile')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a role''s profile as JSON')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Write a role''s profile')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a role''s profile')
            break
        }
        'llamactl;help;node;profile;ls' {
            break
        }
        'llamactl;help;node;profile;get' {
            break
        }
        'llamactl;help;node;profile;set' {
            break
        }
        'llamactl;help;node;profile;rm' {
            break
        }
        'llamactl;help;doctor' {
            break
        }
        'llamactl;help;completions' {
            break
        }
        'llamactl;help;man' {
            break
        }
        'llamactl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
