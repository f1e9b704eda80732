
use builtin;
use str;

set edit:completion:arg-completer[llamactl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'llamactl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'llamactl'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand submit 'Submit a llama-server job from a model''s configuration'
            cand run 'Run llama-server and look after it: in a job, or on any workstation'
            cand wait-ready 'Wait until a server answers, or is known not to come'
            cand register 'Register a server that a script of yours runs'
            cand heartbeat 'Renew the lease of a registered server'
            cand unregister 'Take a registered server out of the registry'
            cand notify 'Tell people about a server by mail and push'
            cand ls 'List servers'
            cand list 'List servers'
            cand status 'Show all that is known of one job'
            cand logs 'Show a job''s log'
            cand stop 'Stop a job: it drains, then ends'
            cand connect 'Connect a program to a server: tunnel if needed, environment, then the program'
            cand configs 'List, show, check and make model configurations'
            cand registry 'Run and examine the registry'
            cand doctor 'Check what llamactl needs on this machine, with the mend for what is missing'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a manual page, or write all of them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;submit'= {
            cand --config 'Model configuration, by name or path (`llamactl configs ls` lists them)'
            cand --model 'GGUF file, in place of the configuration''s'
            cand --name 'Name of the server and the job'
            cand --label 'Label for lists and filters; may be repeated'
            cand --set 'Set any key of the configuration, as server.context=8192; may be repeated'
            cand --time 'Walltime, as 8:00:00, 90 (minutes) or 1-12'
            cand -p 'Partition'
            cand --partition 'Partition'
            cand --qos 'Quality of service'
            cand --account 'Account to charge'
            cand --cpus 'Number of CPUs'
            cand --mem 'Main memory, as 32G'
            cand --gpus 'Number of GPUs'
            cand --gpu-type 'GPU type; picks the configuration''s variant for it'
            cand --constraint 'Node features that the job needs'
            cand --nodelist 'Nodes to use'
            cand --exclude 'Nodes to avoid'
            cand --reservation 'Reservation'
            cand --cluster 'Cluster, for a site with several'
            cand --sbatch-arg 'Further option for sbatch, as --sbatch-arg=--exclusive; may be repeated'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --gpu-layers 'Layers on the GPU: all, auto or a number'
            cand --extra-args 'Further arguments for llama-server, as one shell-like text'
            cand --email 'Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration'
            cand --ntfy-topic 'Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --list-configs 'List the model configurations and end'
            cand --no-time-limit 'Ask for no walltime limit'
            cand --dry-run 'Print the job script and submit nothing'
            cand --wait 'Wait until the server is ready, and show what it waits for'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;run'= {
            cand --spec 'Everything resolved, as `submit` writes it; - for stdin'
            cand --config 'Model configuration, by name or path'
            cand --model 'GGUF file, in place of the configuration''s'
            cand --name 'Name of the server'
            cand --label 'Label for lists and filters; may be repeated'
            cand --set 'Set any key of the configuration, as server.context=8192; may be repeated'
            cand --gpu-type 'GPU type; picks the configuration''s variant for it'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --gpu-layers 'Layers on the GPU: all, auto or a number'
            cand --extra-args 'Further arguments for llama-server, as one shell-like text'
            cand --host 'Address to listen on [default: 0.0.0.0 in a job, 127.0.0.1 elsewhere]'
            cand --port 'Port to listen on; 0 takes a free one'
            cand --email 'Mail when ready or failed; without ADDRESS: NOTIFY_EMAIL, then the configuration'
            cand --ntfy-topic 'Push when ready or failed; without TOPIC: NTFY_TOPIC, then the configuration'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;wait-ready'= {
            cand --url 'URL of the server'
            cand --host 'Host of the server'
            cand --port 'Port of the server'
            cand --pid 'Process of the server: fail at once when it ends'
            cand --job 'Job of the server: wait for the job too, and fail at once when it ends'
            cand --log 'Log to show the end of when it fails'
            cand --timeout 'Give up after this time; 0 never'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;register'= {
            cand --port 'Port of the server'
            cand --host 'Host of the server [default: this host''s name]'
            cand --model 'Model file or name'
            cand --name 'Name of the server [default: the model''s]'
            cand --job 'Job id [default: SLURM_JOB_ID]'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --label 'Label for lists and filters; may be repeated'
            cand --api-key-file 'File (0600) with the server''s API key, for those whom --access allows'
            cand --access 'Who may use the server'
            cand --lease-file 'Where to keep the lease (made 0600)'
            cand --timeout 'Keep trying for this long while the registry can''t be reached'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;heartbeat'= {
            cand --lease-file 'The lease that `register` kept'
            cand --state 'Tell a new state'
            cand --pid 'With --loop: end when this process ends'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --loop 'Go on beating as often as the registry wants, until a signal or until --pid ends'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;unregister'= {
            cand --lease-file 'The lease that `register` kept; removed afterwards'
            cand --timeout 'Keep trying for this long while the registry can''t be reached'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify'= {
            cand --event 'What happened'
            cand --model 'Model file or name'
            cand --name 'Name of the server [default: the model''s]'
            cand --job 'Job id [default: SLURM_JOB_ID]'
            cand --host 'Host of the server [default: this host''s name]'
            cand --port 'Port of the server'
            cand --reason 'Why it failed'
            cand --log 'Log to put the end of into the message'
            cand --email 'Mail address; without a value NOTIFY_EMAIL, then the configuration'
            cand --ntfy-topic 'ntfy topic; without a value NTFY_TOPIC, then the configuration'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;ls'= {
            cand --owner 'Only this owner''s'
            cand --model 'Only this model'
            cand --state 'Only this state: pending, loading, ready, draining, lost or all'
            cand --label 'Only with this label; may be repeated'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --mine 'Only your own'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;list'= {
            cand --owner 'Only this owner''s'
            cand --model 'Only this model'
            cand --state 'Only this state: pending, loading, ready, draining, lost or all'
            cand --label 'Only with this label; may be repeated'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --mine 'Only your own'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;status'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;logs'= {
            cand -n 'Lines from the end to begin with'
            cand --lines 'Lines from the end to begin with'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -f 'Go on while the job runs'
            cand --follow 'Go on while the job runs'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;stop'= {
            cand --timeout 'With --wait: give up after this time (exit 3); 0 never'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --now 'Do not wait for running requests'
            cand --wait 'Wait until the jobs have ended'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;connect'= {
            cand --dir 'Folder to run the program in'
            cand --via 'Login host to tunnel through when the server can''t be reached directly'
            cand --local-port 'Local port of the tunnel; 0 takes a free one'
            cand --preset 'Preset of environment variables [default: the program''s, else openai and anthropic]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --print 'Print lines that a shell can eval, and run nothing'
            cand --trust 'Go on although the server can''t prove that it is the one that was registered'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List the model configurations'
            cand list 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;configs;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;list'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;show'= {
            cand --gpu-type 'GPU type whose variant to show'
            cand --set 'Set any key, as server.context=8192'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;validate'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;init'= {
            cand --model 'GGUF file'
            cand --from 'Copy this configuration'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --user-config 'Write ~/.config/llamactl/config.yaml instead'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;schema'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --settings 'The schema of config.yaml instead'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;help'= {
            cand ls 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;configs;help;ls'= {
        }
        &'llamactl;configs;help;show'= {
        }
        &'llamactl;configs;help;validate'= {
        }
        &'llamactl;configs;help;init'= {
        }
        &'llamactl;configs;help;schema'= {
        }
        &'llamactl;configs;help;help'= {
        }
        &'llamactl;registry'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;events'= {
            cand --after 'Only events after this number; without it the last ones'
            cand --kind 'Only this kind, as registered or lost; several with commas'
            cand --subject 'Only what happened to this server, node or token: its id'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -f 'Go on with what happens, until Ctrl-C'
            cand --follow 'Go on with what happens, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;serve'= {
            cand --host 'Address to listen on'
            cand --port 'Port to listen on; 0 takes a free one'
            cand --database 'Where entries are kept: sqlite:PATH or postgres://… [env: LLAMACTL_DATABASE_URL]'
            cand --auth 'Who may use it; an address other than loopback wants `none` said out loud'
            cand --ttl 'How long an entry lives without a heartbeat'
            cand --retain 'How long events are kept'
            cand --probe 'How often each ready server''s /health is looked at, or `off`'
            cand --allowed-host 'Further host name under which browsers may reach it; may be repeated'
            cand --tls-cert 'Serve https with the certificate in this PEM file; read anew when it changes'
            cand --tls-key 'PEM file with the certificate''s private key'
            cand --max-connections 'Most connections at a time; without it as many as open files allow, at most 20,000'
            cand --event-bus 'Redis on which nodes beat and the registry tells what happens, as redis://HOST:PORT/DB [env: LLAMACTL_EVENT_BUS, for one with a password]'
            cand --event-bus-prefix 'What the names of the event bus''s channels begin with'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;openapi'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;help'= {
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;help;events'= {
        }
        &'llamactl;registry;help;serve'= {
        }
        &'llamactl;registry;help;openapi'= {
        }
        &'llamactl;registry;help;help'= {
        }
        &'llamactl;doctor'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;completions'= {
            cand --dir 'Write those of all shells into this folder'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;man'= {
            cand --dir 'Write all pages into this folder'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;help'= {
            cand submit 'Submit a llama-server job from a model''s configuration'
            cand run 'Run llama-server and look after it: in a job, or on any workstation'
            cand wait-ready 'Wait until a server answers, or is known not to come'
            cand register 'Register a server that a script of yours runs'
            cand heartbeat 'Renew the lease of a registered server'
            cand unregister 'Take a registered server out of the registry'
            cand notify 'Tell people about a server by mail and push'
            cand ls 'List servers'
            cand status 'Show all that is known of one job'
            cand logs 'Show a job''s log'
            cand stop 'Stop a job: it drains, then ends'
            cand connect 'Connect a program to a server: tunnel if needed, environment, then the program'
            cand configs 'List, show, check and make model configurations'
            cand registry 'Run and examine the registry'
            cand doctor 'Check what llamactl needs on this machine, with the mend for what is missing'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a manual page, or write all of them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;help;submit'= {
        }
        &'llamactl;help;run'= {
        }
        &'llamactl;help;wait-ready'= {
        }
        &'llamactl;help;register'= {
        }
        &'llamactl;help;heartbeat'= {
        }
        &'llamactl;help;unregister'= {
        }
        &'llamactl;help;notify'= {
        }
        &'llamactl;help;ls'= {
        }
        &'llamactl;help;status'= {
        }
        &'llamactl;help;logs'= {
        }
        &'llamactl;help;stop'= {
        }
        &'llamactl;help;connect'= {
        }
        &'llamactl;help;configs'= {
            cand ls 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
        }
        &'llamactl;help;configs;ls'= {
        }
        &'llamactl;help;configs;show'= {
        }
        &'llamactl;help;configs;validate'= {
        }
        &'llamactl;help;configs;init'= {
        }
        &'llamactl;help;configs;schema'= {
        }
        &'llamactl;help;registry'= {
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
        }
        &'llamactl;help;registry;events'= {
        }
        &'llamactl;help;registry;serve'= {
        }
        &'llamactl;help;registry;openapi'= {
        }
        &'llamactl;help;doctor'= {
        }
        &'llamactl;help;completions'= {
        }
        &'llamactl;help;man'= {
        }
        &'llamactl;help;help'= {
        }
    ]
    $completions[$command]
}
