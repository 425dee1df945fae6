"""The servers of one machine: started as child processes, waited for, stopped."""
