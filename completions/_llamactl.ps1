
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
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show all that is known of one job')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show a job''s log')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a job: it drains, then ends')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect a program to a server: tunnel if needed, environment, then the program')
            [CompletionResult]::new('configs', 'configs', [CompletionResultType]::ParameterValue, 'List, show, check and make model configurations')
            [CompletionResult]::new('registry', 'registry', [CompletionResultType]::ParameterValue, 'Run and examine the registry')
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
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]')
            [CompletionResult]::new('--list-configs', '--list-configs', [CompletionResultType]::ParameterName, 'List the model configurations and end')
            [CompletionResult]::new('--no-time-limit', '--no-time-limit', [CompletionResultType]::ParameterName, 'Ask for no walltime limit')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the job script and submit nothing')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the server is ready, and show what it waits for')
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
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
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
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why it failed')
            [CompletionResult]::new('--log', '--log', [CompletionResultType]::ParameterName, 'Log to put the end of into the message')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Mail address; without a value NOTIFY_EMAIL, then the configuration')
            [CompletionResult]::new('--ntfy-topic', '--ntfy-topic', [CompletionResultType]::ParameterName, 'ntfy topic; without a value NTFY_TOPIC, then the configuration')
            [CompletionResult]::new('--ntfy-server', '--ntfy-server', [CompletionResultType]::ParameterName, 'ntfy server [default: https://ntfy.sh]')
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
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
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
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Who may use it; an address other than loopback wants `none` said out loud')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How long an entry lives without a heartbeat')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'How long events are kept')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'How often each ready server''s /health is looked at, or `off`')
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
        'llamactl;registry;help' {
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Show what happened, and follow what happens')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run the registry')
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'llamactl;registry;help;events' {
            break
        }
        'llamactl;registry;help;serve' {
            break
        }
        'llamactl;registry;help;openapi' {
            break
        }
        'llamactl;registry;help;help' {
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
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List servers')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show all that is known of one job')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show a job''s log')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop a job: it drains, then ends')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect a program to a server: tunnel if needed, environment, then the program')
            [CompletionResult]::new('configs', 'configs', [CompletionResultType]::ParameterValue, 'List, show, check and make model configurations')
            [CompletionResult]::new('registry', 'registry', [CompletionResultType]::ParameterValue, 'Run and examine the registry')
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
            [CompletionResult]::new('openapi', 'openapi', [CompletionResultType]::ParameterValue, 'Print the OpenAPI document of the registry''s HTTP interface')
            break
        }
        'llamactl;help;registry;events' {
            break
        }
        'llamactl;help;registry;serve' {
            break
        }
        'llamactl;help;registry;openapi' {
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
