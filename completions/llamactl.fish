# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_llamactl_global_optspecs
    string join \n json q/quiet registry= h/help V/version
end

function __fish_llamactl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_llamactl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_llamactl_using_subcommand
    set -l cmd (__fish_llamactl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c llamactl -n "__fish_llamactl_needs_command" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_needs_command" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_needs_command" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_needs_command" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_needs_command" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "submit" -d 'Submit a llama-server job from a model\'s configuration'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "run" -d 'Run llama-server and look after it: in a job, or on any workstation'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "wait-ready" -d 'Wait until a server answers, or is known not to come'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "register" -d 'Register a server that a script of yours runs'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "heartbeat" -d 'Renew the lease of a registered server'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "unregister" -d 'Take a registered server out of the registry'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "notify" -d 'Tell people about a server by mail and push'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "watch" -d 'Be told by the registry: a model is available, a server is lost, a node is offline'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "ls" -d 'List servers'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "list" -d 'List servers'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "status" -d 'Show all that is known of one job'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "logs" -d 'Show a job\'s log'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "stop" -d 'Stop a job: it drains, then ends'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "connect" -d 'Connect a program to a server: tunnel if needed, environment, then the program'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "configs" -d 'List, show, check and make model configurations'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "registry" -d 'Run and examine the registry'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "node" -d 'Register and examine nodes'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "doctor" -d 'Check what llamactl needs on this machine, with the mend for what is missing'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c llamactl -n "__fish_llamactl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l config -d 'Model configuration, by name or path (`llamactl configs ls` lists them)' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l model -d 'GGUF file, in place of the configuration\'s' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l name -d 'Name of the server and the job' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l label -d 'Label for lists and filters; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l set -d 'Set any key of the configuration, as server.context=8192; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l time -d 'Walltime, as 8:00:00, 90 (minutes) or 1-12' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -s p -l partition -d 'Partition' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l qos -d 'Quality of service' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l account -d 'Account to charge' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l cpus -d 'Number of CPUs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l mem -d 'Main memory, as 32G' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l gpus -d 'Number of GPUs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l gpu-type -d 'GPU type; picks the configuration\'s variant for it' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l constraint -d 'Node features that the job needs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l nodelist -d 'Nodes to use' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l exclude -d 'Nodes to avoid' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l reservation -d 'Reservation' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l cluster -d 'Cluster, for a site with several' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l sbatch-arg -d 'Further option for sbatch, as --sbatch-arg=--exclusive; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -s c -l context -d 'Context size in tokens' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l gpu-layers -d 'Layers on the GPU: all, auto or a number' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l extra-args -d 'Further arguments for llama-server, as one shell-like text' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l email -d 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l ntfy-topic -d 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l ntfy-server -d 'ntfy server [default: https://ntfy.sh]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l notify -d 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l notify-on -d 'Events to tell of, with commas [default: all but draining, ended, offline, online]' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''
all\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l list-configs -d 'List the model configurations and end'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l no-time-limit -d 'Ask for no walltime limit'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l dry-run -d 'Print the job script and submit nothing'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l wait -d 'Wait until the server is ready, and show what it waits for'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l ring -d 'Ring, and show a notification on the desktop, when the waiting is over'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand submit" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l spec -d 'Everything resolved, as `submit` writes it; - for stdin' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l config -d 'Model configuration, by name or path' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l model -d 'GGUF file, in place of the configuration\'s' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l name -d 'Name of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l label -d 'Label for lists and filters; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l set -d 'Set any key of the configuration, as server.context=8192; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l gpu-type -d 'GPU type; picks the configuration\'s variant for it' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -s c -l context -d 'Context size in tokens' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l gpu-layers -d 'Layers on the GPU: all, auto or a number' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l extra-args -d 'Further arguments for llama-server, as one shell-like text' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l host -d 'Address to listen on [default: 0.0.0.0 in a job, 127.0.0.1 elsewhere]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l port -d 'Port to listen on; 0 takes a free one' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l email -d 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l ntfy-topic -d 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l ntfy-server -d 'ntfy server [default: https://ntfy.sh]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l notify -d 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l notify-on -d 'Events to tell of, with commas [default: all but draining, ended, offline, online]' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''
all\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand run" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l url -d 'URL of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l host -d 'Host of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l port -d 'Port of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l pid -d 'Process of the server: fail at once when it ends' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l job -d 'Job of the server: wait for the job too, and fail at once when it ends' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l log -d 'Log to show the end of when it fails' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l timeout -d 'Give up after this time; 0 never' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand wait-ready" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l port -d 'Port of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l host -d 'Host of the server [default: this host\'s name]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l model -d 'Model file or name' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l name -d 'Name of the server [default: the model\'s]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l job -d 'Job id [default: SLURM_JOB_ID]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -s c -l context -d 'Context size in tokens' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l label -d 'Label for lists and filters; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l api-key-file -d 'File (0600) with the server\'s API key, for those whom --access allows' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l access -d 'Who may use the server' -r -f -a "private\t'Its owner alone'
shared\t'Whoever may read the registry'
open\t'Anybody who reaches the port'"
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l lease-file -d 'Where to keep the lease (made 0600)' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l timeout -d 'Keep trying for this long while the registry can\'t be reached' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand register" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l lease-file -d 'The lease that `register` kept' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l state -d 'Tell a new state' -r -f -a "loading\t'Not ready yet'
ready\t'Answers'
draining\t'Finishes what it has'"
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l pid -d 'With --loop: end when this process ends' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l loop -d 'Go on beating as often as the registry wants, until a signal or until --pid ends'
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand heartbeat" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -l lease-file -d 'The lease that `register` kept; removed afterwards' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -l timeout -d 'Keep trying for this long while the registry can\'t be reached' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand unregister" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l event -d 'What happened' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l model -d 'Model file or name' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l name -d 'Name of the server [default: the model\'s]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l job -d 'Job id [default: SLURM_JOB_ID]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l host -d 'Host of the server [default: this host\'s name]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l port -d 'Port of the server' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l reason -d 'Why' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l log -d 'Log to put the end of into the message' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l email -d 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l ntfy-topic -d 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l ntfy-server -d 'ntfy server [default: https://ntfy.sh]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l notify -d 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l notify-on -d 'Events to tell of, with commas [default: all but draining, ended, offline, online]' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''
all\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "test" -d 'Send a test message to everybody who is configured, and say how it went'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "preview" -d 'Show what would be sent, and send nothing'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "channels" -d 'List the channels, with an example of a target for each'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "templates" -d 'List or copy the texts of messages, to edit them'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "plugins" -d 'Programs of your own that deliver messages'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "topic" -d 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "outbox" -d 'Messages that wait to be sent'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "pending" -d 'Follow a job that waits, and tell of it'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "mailprog" -d 'Take a mail of slurmctld\'s: for MailProg in slurm.conf, by way of slurm/mailprog'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and not __fish_seen_subcommand_from test preview channels templates plugins topic outbox pending mailprog help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l channel -d 'Only targets of this channel' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l event -d 'The event to play' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l email -d 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l ntfy-topic -d 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l ntfy-server -d 'ntfy server [default: https://ntfy.sh]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l notify -d 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l notify-on -d 'Events to tell of, with commas [default: all but draining, ended, offline, online]' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''
all\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l event -d 'The event to play' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l channel -d 'The channel [default: that of each target that is configured]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l count -d 'Show a digest of so many' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l email -d 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l ntfy-topic -d 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l ntfy-server -d 'ntfy server [default: https://ntfy.sh]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l notify -d 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l notify-on -d 'Events to tell of, with commas [default: all but draining, ended, offline, online]' -r -f -a "ready\t''
failed\t''
pending\t''
expiring\t''
draining\t''
ended\t''
lost\t''
unhealthy\t''
recovered\t''
available\t''
offline\t''
online\t''
job\t''
all\t''"
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l html -d 'Open the HTML part of the mail in a browser; without a screen, say where it is'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from preview" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from channels" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from channels" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from channels" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from channels" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from channels" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -f -a "ls" -d 'List them, and where each is from'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -f -a "init" -d 'Copy the built-in ones into a folder, to edit them; files that are there stay'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from templates" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -f -a "ls" -d 'List them, and where each is'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -f -a "schema" -d 'Print the JSON Schema of what a plugin reads'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from plugins" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -l renew -d 'Make a new topic; whoever knows the old one hears nothing more'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from topic" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "ls" -d 'List what waits, and what could not be delivered in the last day'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "flush" -d 'Send what waits now'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from outbox" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from pending" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from pending" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from pending" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from pending" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from pending" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -s s -l subject -d 'What happened, in SLURM\'s words' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -l carry -d 'Bring what waits, in the background'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from mailprog" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send a test message to everybody who is configured, and say how it went'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "preview" -d 'Show what would be sent, and send nothing'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "channels" -d 'List the channels, with an example of a target for each'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "templates" -d 'List or copy the texts of messages, to edit them'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "plugins" -d 'Programs of your own that deliver messages'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "topic" -d 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "outbox" -d 'Messages that wait to be sent'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "pending" -d 'Follow a job that waits, and tell of it'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "mailprog" -d 'Take a mail of slurmctld\'s: for MailProg in slurm.conf, by way of slurm/mailprog'
complete -c llamactl -n "__fish_llamactl_using_subcommand notify; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l model -d 'Name, alias or file of a model; * stands for anything' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l event -d 'What to tell of: available when left out; for nodes offline and online' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l owner -d 'Only servers of this owner; * stands for anything' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l label -d 'Only what has this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l node -d 'Only nodes of this name, and servers on them; * stands for anything' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l notify -d 'Whom to tell, as mailto:ADDRESS, ntfy://TOPIC …; may be repeated. Your own targets when left out' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l keep -d 'Tell each time, not only once'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -f -a "ls" -d 'List your watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -f -a "list" -d 'List your watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -f -a "rm" -d 'End watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and not __fish_seen_subcommand_from ls list rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from ls" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from list" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from list" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from rm" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from rm" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List your watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from help" -f -a "rm" -d 'End watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand watch; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l owner -d 'Only this owner\'s' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l model -d 'Only this model' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l state -d 'Only this state: pending, loading, ready, draining, lost or all' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l label -d 'Only with this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l mine -d 'Only your own'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -s w -l watch -d 'Show anew whenever something changes, until Ctrl-C'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand ls" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l owner -d 'Only this owner\'s' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l model -d 'Only this model' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l state -d 'Only this state: pending, loading, ready, draining, lost or all' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l label -d 'Only with this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l mine -d 'Only your own'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -s w -l watch -d 'Show anew whenever something changes, until Ctrl-C'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand list" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -s w -l watch -d 'Show anew whenever something changes, until Ctrl-C'
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand status" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -s n -l lines -d 'Lines from the end to begin with' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -s f -l follow -d 'Go on while the job runs'
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand logs" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -l timeout -d 'With --wait: give up after this time (exit 3); 0 never' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -l now -d 'Do not wait for running requests'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -l wait -d 'Wait until the jobs have ended'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand stop" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l dir -d 'Folder to run the program in' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l via -d 'Login host to tunnel through when the server can\'t be reached directly' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l local-port -d 'Local port of the tunnel; 0 takes a free one' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l preset -d 'Preset of environment variables [default: the program\'s, else openai and anthropic]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l print -d 'Print lines that a shell can eval, and run nothing'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l trust -d 'Go on although the server can\'t prove that it is the one that was registered'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand connect" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "ls" -d 'List the model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "list" -d 'List the model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "show" -d 'Show a configuration resolved, with where each value came from'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "validate" -d 'Check configurations: of models, and llamactl\'s own'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "init" -d 'Write a new model configuration to start from'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "schema" -d 'Print the JSON Schema of model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and not __fish_seen_subcommand_from ls list show validate init schema help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from ls" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from list" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from list" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -l gpu-type -d 'GPU type whose variant to show' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -l set -d 'Set any key, as server.context=8192' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from validate" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from validate" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from validate" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -l model -d 'GGUF file' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -l from -d 'Copy this configuration' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -l user-config -d 'Write ~/.config/llamactl/config.yaml instead'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from init" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -l settings -d 'The schema of config.yaml instead'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from schema" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a configuration resolved, with where each value came from'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Check configurations: of models, and llamactl\'s own'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "init" -d 'Write a new model configuration to start from'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON Schema of model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand configs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "events" -d 'Show what happened, and follow what happens'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "serve" -d 'Run the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "check" -d 'Ask a live registry for everything that it offers, and report'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "token" -d 'Make, list and revoke tokens'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "audit" -d 'Show who changed what, and from where'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "openapi" -d 'Print the OpenAPI document of the registry\'s HTTP interface'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "backup" -d 'Write everything that the registry holds to a file; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "restore" -d 'Replace everything that the registry holds by a backup; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "import" -d 'Take over the servers of an older registry from its JSON file'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and not __fish_seen_subcommand_from events serve check token audit openapi backup restore import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -l after -d 'Only events after this number; without it the last ones' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -l kind -d 'Only this kind, as registered or lost; several with commas' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -l subject -d 'Only what happened to this server, node or token: its id' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -s f -l follow -d 'Go on with what happens, until Ctrl-C'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from events" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l host -d 'Address to listen on' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l port -d 'Port to listen on; 0 takes a free one' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l database -d 'Where entries are kept: sqlite:PATH or postgres://… [env: LLAMACTL_DATABASE_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l auth -d 'Who may use it [default: token, or none on a loopback address]' -r -f -a "token\t'By tokens: `llamactl registry token create` makes them'
none\t'It does not: whoever reaches the port may read and register'"
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l anonymous -d 'What may be done without a token where tokens are asked for: for older clients' -r -f -a "none\t'Nothing'
read\t'To read'
register\t'To read, to register, and to change what was registered without a token'"
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l first-token-file -d 'File (made 0600) for the first token, in place of stderr' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l rate-limit -d 'Requests a second of each token, or address without one, or `off` [default: 200/s, or off on a loopback address]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l ttl -d 'How long an entry lives without a heartbeat' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l node-warning-after -d 'A node that is silent for so long is in `warning`' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l node-offline-after -d 'A node that is silent for so long is `offline`' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l retain -d 'How long events are kept' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l probe -d 'How often each ready server\'s /health is looked at, or `off`' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l login-host -d 'Login host of the cluster, which is suggested to people outside for their ssh tunnel [env: LLAMACTL_SSH_VIA, ssh.via; there without the user]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l allowed-host -d 'Further host name under which browsers may reach it; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l tls-cert -d 'Serve https with the certificate in this PEM file; read anew when it changes' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l tls-key -d 'PEM file with the certificate\'s private key' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l max-connections -d 'Most connections at a time; without it as many as open files allow, at most 20,000' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l event-bus -d 'Redis on which nodes beat and the registry tells what happens, as redis://HOST:PORT/DB [env: LLAMACTL_EVENT_BUS, for one with a password]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l event-bus-prefix -d 'What the names of the event bus\'s channels begin with' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from serve" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -l read-only -d 'Change nothing. Without this it makes entries of its own, whose names begin with llamactl-check, and takes them out again'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "create" -d 'Make a token; it is shown this one time'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "ls" -d 'List the tokens, without themselves'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "list" -d 'List the tokens, without themselves'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke a token: it counts for nothing from then on'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "rm" -d 'Revoke a token: it counts for nothing from then on'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from token" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l since -d 'Only what happened within this time, as 1d or 12h' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l actor -d 'Only what this owner did, or the token with this id' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l kind -d 'Only this kind of event, as token-created' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l subject -d 'Only what happened to this server, node, token or job' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l limit -d 'At most so many, the last ones' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from audit" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from openapi" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from openapi" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from openapi" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from openapi" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from openapi" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -l database -d 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -l force -d 'Write over a file that is there'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from backup" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -l database -d 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from restore" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -l database -d 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "events" -d 'Show what happened, and follow what happens'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "serve" -d 'Run the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "check" -d 'Ask a live registry for everything that it offers, and report'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "token" -d 'Make, list and revoke tokens'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "audit" -d 'Show who changed what, and from where'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "openapi" -d 'Print the OpenAPI document of the registry\'s HTTP interface'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Write everything that the registry holds to a file; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Replace everything that the registry holds by a backup; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "import" -d 'Take over the servers of an older registry from its JSON file'
complete -c llamactl -n "__fish_llamactl_using_subcommand registry; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "agent" -d 'Register this machine and beat for it until TERM'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "register" -d 'Register a node once'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "heartbeat" -d 'Tell once that a node lives'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "ls" -d 'List nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "list" -d 'List nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "maintenance" -d 'Take a node out of use, or give it back'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "rm" -d 'Take nodes out of the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "topology" -d 'Show how the nodes belong together'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "stats" -d 'Show numbers about the nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "profile" -d 'Settings that the nodes of a role start from'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and not __fish_seen_subcommand_from agent register heartbeat ls list maintenance rm topology stats profile help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l role -d 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l labels -l label -d 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l group -d 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l location -d 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l name -d 'The name that people use [default: the host\'s] [env: LLAMACTL_NODE_NAME]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l ip -d 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l vpn-ip -d 'Address in the virtual private network' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l public-ip -d 'Address on the internet' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l address -d 'URL of the node\'s own service' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l metadata -d 'Anything else to keep with it; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l id-file -d 'Where its id and the secret of its lease are kept [default: /etc/llamactl/node_id, or the user\'s configuration folder] [env: LLAMACTL_NODE_ID_FILE]' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l detect-every -d 'How often to look anew what the machine has [default: 30s]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l once -d 'Register, beat once, print the node\'s id, and end'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from agent" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l role -d 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l labels -l label -d 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l group -d 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l location -d 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l name -d 'The name that people use [default: the host\'s] [env: LLAMACTL_NODE_NAME]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l ip -d 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l vpn-ip -d 'Address in the virtual private network' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l public-ip -d 'Address on the internet' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l address -d 'URL of the node\'s own service' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l metadata -d 'Anything else to keep with it; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l hostname -d 'Host name of another machine; nothing is found out then [default: this machine]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l node-id -d 'The id that it has already' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l gpus -d 'Number of GPUs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l gpu-type -d 'Type of the GPUs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l vram -d 'Memory of all GPUs, as 48G' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l cuda-version -d 'Version of CUDA' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l cpus -d 'Logical CPUs' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l memory -d 'Main memory, as 256G' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l disk -d 'Local disks together, as 2T' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l os -d 'Operating system' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l machine-id -d 'Id of the machine' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l slurm-node -d 'SLURM\'s name for it' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from register" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -l status -d 'How it is' -r -f -a "online\t'All is well'
degraded\t'It works, but not as it should'
draining\t'It finishes what it has'
offline\t'It says goodbye'"
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -l metric -d 'Something that was measured; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from heartbeat" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l role -d 'Only those of this role' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l label -d 'Only those with this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l group -d 'Only those in this group' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l location -d 'Only those that stand there; paris takes paris/room-2 in' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l status -d 'Only those in this state: online, warning, offline, maintenance or draining' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -s l -s w -l wide -d 'Show more columns'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l role -d 'Only those of this role' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l label -d 'Only those with this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l group -d 'Only those in this group' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l location -d 'Only those that stand there; paris takes paris/room-2 in' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l status -d 'Only those in this state: online, warning, offline, maintenance or draining' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -s l -s w -l wide -d 'Show more columns'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -l reason -d 'Why, for people' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from maintenance" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from rm" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from rm" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l role -d 'Only those of this role' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l label -d 'Only those with this label; may be repeated' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l group -d 'Only those in this group' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l location -d 'Only those that stand there; paris takes paris/room-2 in' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l status -d 'Only those in this state: online, warning, offline, maintenance or draining' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l by -d 'What the branches are' -r -f -a "role\t'What nodes are for'
location\t'Where they stand'
group\t'The groups that they are in'"
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l dot -d 'Print nodes and connections for Graphviz'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from topology" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -l since -d 'Also what happened since then, as 7d or 12h' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from stats" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "ls" -d 'List the roles that have a profile'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "list" -d 'List the roles that have a profile'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "get" -d 'Print a role\'s profile as JSON'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "set" -d 'Write a role\'s profile'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "rm" -d 'Remove a role\'s profile'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from profile" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "agent" -d 'Register this machine and beat for it until TERM'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "register" -d 'Register a node once'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "heartbeat" -d 'Tell once that a node lives'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "maintenance" -d 'Take a node out of use, or give it back'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Take nodes out of the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "topology" -d 'Show how the nodes belong together'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Show numbers about the nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "profile" -d 'Settings that the nodes of a role start from'
complete -c llamactl -n "__fish_llamactl_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand doctor" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand doctor" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand doctor" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -l dir -d 'Write those of all shells into this folder' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand completions" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -l dir -d 'Write all pages into this folder' -r -F
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -l registry -d 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]' -r
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -l json -d 'Print JSON on stdout'
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -s q -l quiet -d 'Print errors only'
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -s h -l help -d 'Print help'
complete -c llamactl -n "__fish_llamactl_using_subcommand man" -s V -l version -d 'Print version'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "submit" -d 'Submit a llama-server job from a model\'s configuration'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "run" -d 'Run llama-server and look after it: in a job, or on any workstation'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "wait-ready" -d 'Wait until a server answers, or is known not to come'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "register" -d 'Register a server that a script of yours runs'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "heartbeat" -d 'Renew the lease of a registered server'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "unregister" -d 'Take a registered server out of the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "notify" -d 'Tell people about a server by mail and push'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "watch" -d 'Be told by the registry: a model is available, a server is lost, a node is offline'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "ls" -d 'List servers'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "status" -d 'Show all that is known of one job'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "logs" -d 'Show a job\'s log'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "stop" -d 'Stop a job: it drains, then ends'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "connect" -d 'Connect a program to a server: tunnel if needed, environment, then the program'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "configs" -d 'List, show, check and make model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "registry" -d 'Run and examine the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "node" -d 'Register and examine nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "doctor" -d 'Check what llamactl needs on this machine, with the mend for what is missing'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and not __fish_seen_subcommand_from submit run wait-ready register heartbeat unregister notify watch ls status logs stop connect configs registry node doctor completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "test" -d 'Send a test message to everybody who is configured, and say how it went'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "preview" -d 'Show what would be sent, and send nothing'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "channels" -d 'List the channels, with an example of a target for each'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "templates" -d 'List or copy the texts of messages, to edit them'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "plugins" -d 'Programs of your own that deliver messages'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "topic" -d 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "outbox" -d 'Messages that wait to be sent'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "pending" -d 'Follow a job that waits, and tell of it'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from notify" -f -a "mailprog" -d 'Take a mail of slurmctld\'s: for MailProg in slurm.conf, by way of slurm/mailprog'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from watch" -f -a "ls" -d 'List your watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from watch" -f -a "rm" -d 'End watches'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from configs" -f -a "ls" -d 'List the model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from configs" -f -a "show" -d 'Show a configuration resolved, with where each value came from'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from configs" -f -a "validate" -d 'Check configurations: of models, and llamactl\'s own'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from configs" -f -a "init" -d 'Write a new model configuration to start from'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from configs" -f -a "schema" -d 'Print the JSON Schema of model configurations'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "events" -d 'Show what happened, and follow what happens'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "serve" -d 'Run the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "check" -d 'Ask a live registry for everything that it offers, and report'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "token" -d 'Make, list and revoke tokens'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "audit" -d 'Show who changed what, and from where'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "openapi" -d 'Print the OpenAPI document of the registry\'s HTTP interface'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "backup" -d 'Write everything that the registry holds to a file; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "restore" -d 'Replace everything that the registry holds by a backup; it may run meanwhile'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from registry" -f -a "import" -d 'Take over the servers of an older registry from its JSON file'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "agent" -d 'Register this machine and beat for it until TERM'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "register" -d 'Register a node once'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "heartbeat" -d 'Tell once that a node lives'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "ls" -d 'List nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "maintenance" -d 'Take a node out of use, or give it back'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "rm" -d 'Take nodes out of the registry'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "topology" -d 'Show how the nodes belong together'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "stats" -d 'Show numbers about the nodes'
complete -c llamactl -n "__fish_llamactl_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "profile" -d 'Settings that the nodes of a role start from'
